"""Where content is found, and what is said when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc import content
from psockmc.content import UsageError, find_root, load, pick
from psockmc.corpus import load_corpus, load_left_out

ENTRY = """
[[bug]]
id = "{id}"
fix = "0123456789ab"
class = "lifecycle"
variant = "models/variants/one.py"
scenario = "close_against_delete"
property = "use-after-free"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("models/variants", "checks", "spec"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "models/variants/one.py").touch()
    return tmp_path


def test_content_is_found_upwards_from_a_folder_inside(root: Path) -> None:
    assert find_root(root / "models" / "variants") == root


def test_content_of_the_checkout_of_the_package_is_found_from_anywhere(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PACKAGE", root / "psockmc")
    assert find_root(tmp_path_factory.mktemp("elsewhere")) == root


def test_content_inside_the_wheel_is_found_from_anywhere(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("models", "checks"):
        (tmp_path / "psockmc/content" / folder).mkdir(parents=True)
    monkeypatch.setattr(content, "PACKAGE", tmp_path / "psockmc")
    assert find_root(tmp_path_factory.mktemp("elsewhere")) == tmp_path / "psockmc/content"


def test_no_content_anywhere_is_an_error_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PACKAGE", tmp_path / "psockmc")
    with pytest.raises(UsageError, match="run psockmc in a checkout"):
        find_root(tmp_path)


def test_checks_without_files_are_an_error_of_the_user(root: Path) -> None:
    with pytest.raises(UsageError, match="no scenarios"):
        load(root)


def test_a_missing_variant_names_the_file_that_comes_close(root: Path) -> None:
    with pytest.raises(UsageError, match=r"ones\.py does not exist: did you mean .*one\.py\?"):
        load(root, [root / "models/variants/ones.py"])


def test_a_missing_variant_in_a_missing_folder_is_named(root: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.py does not exist$"):
        load(root, [root / "nowhere/x.py"])


def test_picking_nothing_picks_everything() -> None:
    assert pick("scenario", (), ["a", "b"]) == ["a", "b"]


def test_picking_the_same_twice_picks_it_once() -> None:
    assert pick("scenario", ("b", "b"), ["a", "b"]) == ["b"]


def test_an_unknown_name_is_answered_with_the_close_ones() -> None:
    with pytest.raises(UsageError, match="there is no scenario close_vs_delete: did you mean close_against_delete"):
        pick("scenario", ("close_vs_delete",), ["close_against_delete", "recvmsg"])


def test_an_unknown_name_that_is_like_no_other_is_answered_with_the_command_that_lists_them() -> None:
    with pytest.raises(UsageError, match="psockmc list"):
        pick("scenario", ("xyzzy",), ["close_against_delete"])


def test_the_corpus_is_read_in_its_order(root: Path) -> None:
    (root / "spec/bugs.toml").write_text(ENTRY.format(id="b") + ENTRY.format(id="a"))
    bugs = load_corpus(root)
    assert [bug.id for bug in bugs] == ["b", "a"]
    assert bugs[0].variant == root / "models/variants/one.py"


@pytest.mark.parametrize("key", ["id", "fix", "class", "variant", "property"])
def test_a_bug_without_one_of_its_keys_is_refused(root: Path, key: str) -> None:
    lines = [line for line in ENTRY.format(id="a").splitlines() if not line.startswith(key + " ")]
    (root / "spec/bugs.toml").write_text("\n".join(lines))
    with pytest.raises(UsageError, match=f"has no `{key}`"):
        load_corpus(root)


@pytest.mark.parametrize("also", ["", 'scenario = "one"\noperation = "two"\n'])
def test_a_bug_shows_in_a_scenario_or_in_a_proof(root: Path, also: str) -> None:
    lines = [line for line in ENTRY.format(id="a").splitlines() if not line.startswith("scenario ")]
    (root / "spec/bugs.toml").write_text("\n".join([*lines, also]))
    with pytest.raises(UsageError, match="either a `scenario` or an `operation`"):
        load_corpus(root)


def test_two_bugs_of_one_id_are_refused(root: Path) -> None:
    (root / "spec/bugs.toml").write_text(ENTRY.format(id="a") * 2)
    with pytest.raises(UsageError, match="two bugs a"):
        load_corpus(root)


def test_a_bug_whose_variant_is_missing_is_refused(root: Path) -> None:
    (root / "spec/bugs.toml").write_text(ENTRY.format(id="a").replace("one.py", "two.py"))
    with pytest.raises(UsageError, match=r"two\.py does not exist"):
        load_corpus(root)


def test_the_corpus_may_have_several_files(root: Path) -> None:
    (root / "spec/bugs.toml").write_text(ENTRY.format(id="b"))
    (root / "spec/bugs").mkdir()
    (root / "spec/bugs/maps.toml").write_text(ENTRY.format(id="a"))
    assert [bug.id for bug in load_corpus(root)] == ["b", "a"]


def test_a_bug_that_no_model_shows_has_a_reason(root: Path) -> None:
    left = '[[left_out]]\nid = "l"\nfix = "1234"\nclass = "lifecycle"\n'
    (root / "spec/bugs.toml").write_text(left + 'reason = "the layout of a struct"\n')
    assert [(bug.id, bug.reason) for bug in load_left_out(root)] == [("l", "the layout of a struct")]
    (root / "spec/bugs.toml").write_text(left)
    with pytest.raises(UsageError, match="left_out l has no `reason`"):
        load_left_out(root)


def test_a_missing_corpus_is_an_error_of_the_user(root: Path) -> None:
    with pytest.raises(UsageError, match="no corpus of bugs"):
        load_corpus(root)


@pytest.mark.parametrize("text", ["[[bug]", "bug = 3", "bug = [1]"])
def test_a_corpus_that_is_not_one_is_refused(root: Path, text: str) -> None:
    (root / "spec/bugs.toml").write_text(text)
    with pytest.raises(UsageError, match=r"bugs\.toml"):
        load_corpus(root)
