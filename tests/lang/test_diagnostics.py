"""Every diagnostic, by example: diagnostics/E0xxx_*.py is refused with the text of golden/E0xxx_*.txt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.lang import ModelErrors, load_program, load_source
from psockmc.lang.codes import CODES

FOLDER = Path(__file__).parent / "diagnostics"
CASES = sorted(path for path in FOLDER.glob("E*.py"))
KERNEL_CASES = sorted(path for path in (FOLDER / "kernel").glob("E*.py"))

ELSEWHERE = {"E0002", "E0900", "E0901", "E0902", "E0903", "E0904"}
"""Codes that need more than one source text: tested in test_loader.py and with the compiler."""


def refused(path: Path) -> ModelErrors:
    """What the front end says about one example."""
    with pytest.raises(ModelErrors) as caught:
        load(path)
    return caught.value


def load(path: Path) -> object:
    """Most examples are models; what imports base.py is a variant of it, what is in kernel/ are primitives."""
    if "from base import" in path.read_text(encoding="utf-8") or path.name.startswith("E0801"):
        return load_program(FOLDER, [FOLDER / "base.py"], [path])
    folder = "psockmc/kernel/" if path.parent.name == "kernel" else ""
    return load_source(path.read_text(encoding="utf-8"), folder + path.name)


@pytest.mark.parametrize("path", [*CASES, *KERNEL_CASES], ids=lambda path: path.stem)
def test_example_is_refused_as_its_golden_file_says(path: Path, golden: Callable[[str, str], None]) -> None:
    errors = refused(path)
    assert path.name[:5] in {d.code for d in errors.diagnostics}
    golden(errors.render() + "\n", f"{path.stem}.txt")


def test_every_code_has_an_example() -> None:
    shown = {path.name[:5] for path in [*CASES, *KERNEL_CASES]}
    assert set(CODES) - ELSEWHERE == shown


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_diagnostics_are_sorted_by_place_and_say_what_to_do(path: Path) -> None:
    diagnostics = refused(path).diagnostics
    places = [(d.span.file, d.span.line, d.span.column) for d in diagnostics]
    assert places == sorted(places)
    assert all(d.message and d.help for d in diagnostics)
