"""made_from.json: what the pages in a folder of reports were made from, so that a test can tell which are stale.

It holds a fingerprint of each scenario and each bug that was searched, and of each part of the reports: which of these
(all scenarios, all bugs) and which texts it was made from, and a hash of every page. What is proved of rings follows
from the texts of their models and claims.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from psockmc.content import UsageError
from psockmc.reports.material import Material, digest
from psockmc.reports.parts import Part
from psockmc.reports.writing import write_atomically

FILE = "made_from.json"


@dataclass(frozen=True)
class Origin:
    """Of a part. inputs: a hash of each kind of thing it was made from. pages: a hash of the text of each page."""

    inputs: Mapping[str, str]
    pages: Mapping[str, str]


@dataclass
class MadeFrom:
    """The content of the file: fingerprints of scenarios and bugs, by name and id, and the origins of parts."""

    scenarios: Mapping[str, str] = field(default_factory=dict)
    bugs: Mapping[str, str] = field(default_factory=dict)
    parts: dict[str, Origin] = field(default_factory=dict)

    def note(self, part: Part, pages: Mapping[str, str], material: Material) -> None:
        """A part was made from what the material says was used for it."""
        inputs: dict[str, str] = {}
        if "scenarios" in material.used:
            self.scenarios = material.scenario_fingerprints
            inputs["scenarios"] = digest(sorted(self.scenarios.items()))
        if "bugs" in material.used:
            self.bugs = material.bug_fingerprints
            inputs["bugs"] = digest(sorted(self.bugs.items()))
        self._keep(part, pages, material.root, inputs)

    def note_texts(self, part: Part, pages: Mapping[str, str], root: Path) -> None:
        """A part was made from texts only, those below `root` that it reads."""
        self._keep(part, pages, root, {})

    def _keep(self, part: Part, pages: Mapping[str, str], root: Path, searched: Mapping[str, str]) -> None:
        inputs = {**searched, "texts": texts(root, part)} if part.reads else searched
        self.parts[part.name] = Origin(inputs, {path: digest(text) for path, text in sorted(pages.items())})

    def save(self, folder: Path) -> None:
        """Write the file; nothing is written when it is so already. Raises UsageError when it cannot be."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"
        path = folder / FILE
        try:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                write_atomically(path, text)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}; mend that, or name another folder") from error


def load(folder: Path) -> MadeFrom:
    """What the file says; nothing where there is none. Raises UsageError for a file that is damaged."""
    path = folder / FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        parts = {name: Origin(origin["inputs"], origin["pages"]) for name, origin in value["parts"].items()}
        return MadeFrom(value["scenarios"], value["bugs"], parts)
    except FileNotFoundError:
        return MadeFrom()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"cannot read {path} ({error}): remove it, and write the reports anew") from error


def texts(root: Path, part: Part) -> str:
    """A hash of the texts that a part reads."""
    files = sorted({file for pattern in part.reads for file in root.glob(pattern)})
    return digest([(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")) for file in files])


def stale(root: Path, folder: Path, parts: Iterable[Part], scenarios: Iterable[str]) -> Iterator[str]:
    """What can be seen to be stale without a search: sentences, each with the command that mends it.

    parts: those that must be there. scenarios: the names of all that there are now.
    """
    made = load(folder)
    for part in parts:
        mend = f"`{part.mended_by}` writes it anew"
        origin = made.parts.get(part.name)
        if origin is None:
            yield f"the part {part.name} was never written: {mend}"
            continue
        yield from (f"{sentence}: {mend}" for sentence in _pages_changed(folder, part, origin))
        yield from (f"the part {part.name} was made from {what}: {mend}" for what in _other(root, part, origin, made))
    if made.scenarios and set(made.scenarios) != set(scenarios):
        differing = ", ".join(sorted(set(made.scenarios) ^ set(scenarios)))
        yield f"the reports were made with other scenarios ({differing}): `psockmc report` writes them anew"


def _pages_changed(folder: Path, part: Part, origin: Origin) -> Iterator[str]:
    """Pages that somebody changed, removed or added by hand."""
    there = {file.relative_to(folder).as_posix() for pattern in part.owns for file in folder.glob(pattern)}
    for path in sorted(there | set(origin.pages)):
        if path not in there:
            yield f"{path} is missing"
        elif path not in origin.pages:
            yield f"{path} is no page of the part {part.name}"
        elif digest((folder / path).read_text(encoding="utf-8")) != origin.pages[path]:
            yield f"{path} is not as it was written"


def _other(root: Path, part: Part, origin: Origin, made: MadeFrom) -> Iterator[str]:
    """Inputs that are other ones by now."""
    now = {"scenarios": digest(sorted(made.scenarios.items())), "bugs": digest(sorted(made.bugs.items()))}
    now["texts"] = texts(root, part)
    for kind, then in origin.inputs.items():
        if now[kind] != then:
            yield f"other {kind}" + (
                f" ({', '.join(part.reads)})" if kind == "texts" else " than the parts written last"
            )
