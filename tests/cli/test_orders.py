"""`psockmc orders` and the pages that are made of it, on the small content of these tests."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from psockmc.cli import main
from psockmc.run import run

ORDERS = ("orders", "--engine", "reference", "-j", "1")
LIST = '[[function]]\nname = "counter_add"\nscenarios = ["two_additions"]\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the content with a list of functions; the current folder, with a cache of its own."""
    root = tmp_path / "checkout"
    shutil.copytree(Path(__file__).parent / "content", root)
    (root / "reports").mkdir()
    (root / "spec/ordering.toml").write_text(LIST)
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def page(root: Path, path: str = "ordering/counter_add.md") -> str:
    """A page of the part."""
    assert main(("report", "ordering")) == 0
    return (root / "reports" / path).read_text()


def test_each_pair_has_its_order(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ORDERS) == 0
    assert "counter_add: 1 follows, 2 must" in capsys.readouterr().out


def test_the_page_says_what_is_violated(root: Path) -> None:
    main(ORDERS)
    text = page(root)
    assert "| 1 `spin_lock(shared.lock)` | **must** | follows |" in text
    assert "not behind 2 `shared.value += 1`: **data-race** is violated" in text
    assert "<summary>the shortest run: data-race" in text


def test_the_table_counts_pairs_and_removals(root: Path) -> None:
    main(ORDERS)
    assert "| [`counter_add`](ordering/counter_add.md) | 3 | 2 | 0 | 0 | 1 | 0 | 0 | 3 of 3 |" in page(
        root, "ordering.md"
    )


def test_what_was_tried_is_not_tried_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main(ORDERS)
    before = (root / "reports/ordering.json").read_bytes()
    jobs: list[str] = []

    def counted(asked: Sequence[Any], *rest: Any) -> Any:
        jobs.extend(job.name for job in asked)
        return run(asked, *rest)

    monkeypatch.setattr("psockmc.mutants.trial.run", counted)
    main((*ORDERS, "--no-cache"))
    assert (jobs, (root / "reports/ordering.json").read_bytes()) == ([], before)


def test_a_comment_changes_nothing(root: Path) -> None:
    main(ORDERS)
    before = page(root)
    model = root / "models/counter.py"
    model.write_text(model.read_text().replace("@kernel", "# Adds one.\n\n\n@kernel"))
    assert page(root) == before


def test_a_property_that_is_new_makes_the_results_old(root: Path) -> None:
    main(ORDERS)
    checks = root / "checks/counter.py"
    checks.write_text(checks.read_text().replace("[every_addition_is_counted]", "[]"))
    assert "not tried" in page(root)


def test_a_scenario_that_is_added_to_the_list_is_searched(root: Path) -> None:
    (root / "spec/ordering.toml").write_text(LIST.replace("two_additions", "a_look_without_the_lock"))
    main(ORDERS)
    both = LIST.replace('"two_additions"', '"a_look_without_the_lock", "two_additions"')
    (root / "spec/ordering.toml").write_text(both)
    assert "not tried" in page(root)
    main(ORDERS)
    assert "| 1 `spin_lock(shared.lock)` | **must** | follows |" in page(root)


def test_what_is_taken_away_is_tried_in_further_scenarios(root: Path) -> None:
    (root / "spec/ordering.toml").write_text(LIST.replace("two_additions", "a_look_without_the_lock"))
    main(ORDERS)
    assert "1 of 3" in page(root, "ordering.md")
    more = LIST.replace("two_additions", "a_look_without_the_lock") + 'removals = ["two_additions"]\n'
    (root / "spec/ordering.toml").write_text(more)
    main(ORDERS)
    assert "3 of 3" in page(root, "ordering.md")
    assert "and what is taken away also in `two_additions`" in page(root)


def test_without_results_there_is_no_page(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("report", "ordering")) == 2
    assert "run psockmc orders first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("function = 1", "write [[function]]"),
        ('[[function]]\nname = "nobody"', "there is no function 'nobody'"),
        ('[[function]]\nname = "counter_add"', "has no `scenarios`"),
        ('[[function]]\nname = "counter_add"\nscenarios = ["none"]', "which does not exist"),
        (LIST + 'removals = "two_additions"', "`removals` of counter_add must be a list"),
        (LIST + '[function.like]\n"a" = "b"', "has no step `a`"),
        ("[[", "is not TOML"),
    ],
)
def test_a_wrong_list_is_refused(root: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str) -> None:
    (root / "spec/ordering.toml").write_text(text)
    assert main(ORDERS) == 2
    assert complaint in capsys.readouterr().err
