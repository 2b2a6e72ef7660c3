"""Cut named functions, structs and macros out of the C files of a kernel tree.

The text goes into a temporary file that is compiled and forgotten. It is found by its shape: kernel code begins every
definition in the first column and closes it with a brace there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from psockmc.content import UsageError


@dataclass(frozen=True)
class Wanted:
    """Names to cut out of one file. `optional` ones are left out where the tree does not have them."""

    file: str
    macros: tuple[str, ...] = ()
    structs: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def extracted(tree: Path, wanted: tuple[Wanted, ...]) -> str:
    """The C text of everything wanted, in the order of the files.

    Raises UsageError, with a sentence that names the file and the missing definition.
    """
    return "\n".join(_from_file(tree, part) for part in wanted)


def _from_file(tree: Path, wanted: Wanted) -> str:
    path = tree / wanted.file
    if not path.is_file():
        raise UsageError(f"the kernel tree {tree} has no file {wanted.file}: give the top folder of a kernel's source")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): make it readable, or give another tree") from None
    found: list[tuple[int, str]] = []
    for pattern, names in ((_macro, wanted.macros), (_struct, wanted.structs), (_function, wanted.functions)):
        for name in names:
            match = re.search(pattern(name), text, re.MULTILINE)
            if match:
                found.append((match.start(), match.group()))
            elif name not in wanted.optional:
                raise UsageError(f"{path} has no definition of {name}: give a kernel such as v6.1 or v6.12")
    return "\n\n".join(part for _, part in sorted(found))


def _macro(name: str) -> str:
    return rf"^#define {name}\b(?:.*\\\n)*.*$"


def _struct(name: str) -> str:
    return rf"^struct {name} \{{\n(?:.*\n)*?\}};$"


def _function(name: str) -> str:
    head = rf"(?:BPF_CALL_\d\({name},|(?:static|int|void|bool|u32|struct)\b[^;{{}}()=]*\b{name}\()"
    return rf"^{head}[^;{{}}]*\)\n\{{\n(?:.*\n)*?\}}$"
