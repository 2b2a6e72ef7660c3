"""`spec/fidelity.md` speaks of every function of the kernel that the models have."""

from __future__ import annotations

import re
from pathlib import Path

from psockmc.lang.tree import Program
from tests.models.conftest import ROOT

ROW = re.compile(r"^\| (`[^|]*`) \| ([^|]+) \| ([^|]+) \|$")
NAME = re.compile(r"`(\w+)`")


def sections() -> dict[str, list[str]]:
    """The functions that each section lists, by its file below models/: `skmsg`, and `syscalls*` for several."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (ROOT / "spec" / "fidelity.md").read_text(encoding="utf-8").splitlines():
        heading = re.match(r"## `models/([\w*]+)\.py`", line)
        section = heading[1] if heading else section
        if row := ROW.match(line):
            found.setdefault(section, []).extend(NAME.findall(row[1]))
    return found


def test_every_kernel_function_of_the_models_is_listed_once_in_the_section_of_its_file(program: Program) -> None:
    listed = sorted((name, section) for section, names in sections().items() for name in names)
    modelled = sorted(
        (function.name, re.sub("^syscalls.*", "syscalls*", Path(function.span.file).stem))
        for function in program.functions.values()
        if function.kernel_file and Path(function.span.file).parent.name == "models"
    )
    assert listed == modelled
