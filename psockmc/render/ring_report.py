"""What the proofs of a ring came to, as Markdown: the table of operations and claims, and one page for each refutation.

The pages hold no times, so the same models give the same pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from psockmc.explore.verdict import Verdict
from psockmc.prove.rings import ClaimVerdict
from psockmc.render.ring import RingChange, ring_text
from psockmc.render.ring_example import Counterexample
from psockmc.render.ring_pytest import NotReplayable, pytest_source
from psockmc.render.ring_svg import ring_svg

INTRODUCTION = (
    "What the operations on `struct sk_msg_sg` promise, each claim proved or refuted by `psockmc ring` for every "
    "position of the ring, every length and every argument in its C width. HOLDS is a complete proof at this number of "
    "fragments: loops are unrolled to the size of the ring, and that they end by then is the claim `termination`. "
    "VIOLATED comes with numbers on which the model was run again. The models are in `models/ring/`, the proofs in "
    "`checks/ring/`, and what a ring must be in `spec/ring.py`."
)
FINDINGS = "findings/ring"

Examples = Mapping[tuple[str, str], Counterexample]


def pages(verdicts: Sequence[ClaimVerdict], examples: Examples) -> dict[str, str]:
    """Text of every file, by its path in the folder of reports."""
    files = {"ring.md": _overview(verdicts)}
    for verdict in verdicts:
        example = examples.get((verdict.op, verdict.claim))
        if example is not None:
            files |= _finding(verdict, example)
    return files


def counted(page: str) -> str:
    """How many claims were decided, from the text of ring.md. Raises ValueError when it does not say."""
    found = re.search(r"^\d+ claims about \d+ operations at \d+ fragments: .*$", page, re.MULTILINE)
    if found is None:
        raise ValueError("ring.md does not say how many claims there are: write it anew with psockmc ring --report")
    return found[0]


def slug(verdict: ClaimVerdict) -> str:
    """The name of a finding's files."""
    return f"{verdict.op}.{verdict.claim}".replace(" ", "-")


def _overview(verdicts: Sequence[ClaimVerdict]) -> str:
    frags = verdicts[0].frags if verdicts else 0
    counted = Counter(v.verdict for v in verdicts)
    words = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counted.items()))
    ops = list(dict.fromkeys(v.op for v in verdicts))
    lines = ["# The ring of a message", "", INTRODUCTION, ""]
    lines += [f"{len(verdicts)} claims about {len(ops)} operations at {frags} fragments: {words}.", ""]
    lines += ["| operation | HOLDS | not | basis |", "|---|---|---|---|"]
    lines += [_row(op, [v for v in verdicts if v.op == op]) for op in ops]
    lines += ["", "## Claims", "", "| claim | says | operations |", "|---|---|---|"]
    lines += _claims(verdicts)
    return "\n".join(lines) + "\n"


def _row(op: str, mine: Sequence[ClaimVerdict]) -> str:
    good = ", ".join(v.claim for v in mine if v.verdict is Verdict.HOLDS)
    bad = ", ".join(_linked(v) for v in mine if v.verdict is not Verdict.HOLDS)
    bases = dict.fromkeys(v.basis for v in mine if v.verdict is Verdict.HOLDS)
    return f"| `{op}` | {good} | {bad} | {'; '.join(bases)} |"


def _linked(verdict: ClaimVerdict) -> str:
    if verdict.verdict is Verdict.VIOLATED:
        return f"[{verdict.claim} {verdict.verdict}]({FINDINGS}/{slug(verdict)}.md)"
    return f"{verdict.claim} {verdict.verdict} ({verdict.basis})"


def _claims(verdicts: Iterable[ClaimVerdict]) -> list[str]:
    said: dict[str, dict[str, None]] = {}
    about: Counter[str] = Counter()
    for verdict in verdicts:
        said.setdefault(verdict.claim, {})[verdict.sentence] = None
        about[verdict.claim] += 1
    return [f"| {claim} | {'; '.join(said[claim])} | {about[claim]} |" for claim in sorted(said)]


def _finding(verdict: ClaimVerdict, example: Counterexample) -> dict[str, str]:
    """The page of a refuted claim, its picture and, where the plain ring knows the operation, a pytest."""
    name = slug(verdict)
    refutation = example.refutation
    lines = [f"# {verdict.op}: {verdict.claim}", "", f"Violated: {refutation.sentence}.", ""]
    lines += [verdict.why or "Not expected.", ""]
    lines += [f"Stated at `{refutation.span.file}:{refutation.span.line}`, reached through "]
    lines[-1] += " > ".join(f"`{call}`" for call in refutation.calls) + f", on a ring of {example.frags} fragments."
    files = {}
    if example.change is not None:
        lines += ["", "```", ring_text(example.change).rstrip(), "```", "", f"![before and after]({name}.svg)"]
        files[f"{FINDINGS}/{name}.svg"] = ring_svg(example.change)
        source = _pytest(example.change)
        if source:
            files[f"{FINDINGS}/{name}.py.txt"] = source
            lines += ["", f"As a pytest on a plain ring: [{name}.py.txt]({name}.py.txt)."]
    lines += ["", f"Again: `psockmc ring '{verdict.op}' --frags {example.frags}`", ""]
    return {f"{FINDINGS}/{name}.md": "\n".join(lines), **files}


def _pytest(change: RingChange) -> str:
    """The replay on the plain ring, or nothing where the plain ring has no such operation or does not show it."""
    try:
        return pytest_source(change)
    except NotReplayable:
        return ""
