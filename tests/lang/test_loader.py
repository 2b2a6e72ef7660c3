"""Files and imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.lang import ModelErrors, load_program, load_source

STRUCT = "from psockmc.lang import Ptr, Struct, u32, user\nclass sock(Struct):\n    n: u32\n"


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(root: Path, *files: Path, variants: tuple[Path, ...] = ()) -> list[tuple[str, str]]:
    with pytest.raises(ModelErrors) as caught:
        load_program(root, files, variants)
    return [(d.code, d.span.file) for d in caught.value.diagnostics]


def test_imports_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "models/a.py", STRUCT)
    top = write(tmp_path, "checks/c.py", "from models.a import sock\n")
    program = load_program(tmp_path, [top])
    assert "sock" in program.structs
    assert set(program.sources) == {"checks/c.py", "models/a.py"}


def test_files_may_import_each_other(tmp_path: Path) -> None:
    write(tmp_path, "models/a.py", STRUCT + "from models.b import g\n@user\ndef f(s: Ptr[sock]) -> None:\n    g(s)\n")
    write(
        tmp_path,
        "models/b.py",
        "from psockmc.lang import Ptr, user\nfrom models.a import f, sock\n@user\ndef g(s: Ptr[sock]) -> None:\n    f(s)\n",
    )
    assert set(load_program(tmp_path, [tmp_path / "models/a.py"]).functions) == {"f", "g"}


def test_a_file_is_loaded_once_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "models/a.py", STRUCT)
    monkeypatch.chdir(tmp_path / "models")
    assert set(load_program(tmp_path, [path, Path("a.py")]).sources) == {"models/a.py"}


def test_a_file_outside_the_root_is_called_as_given(tmp_path: Path) -> None:
    path = write(tmp_path, "elsewhere/patch.py", STRUCT)
    (tmp_path / "root").mkdir()
    assert set(load_program(tmp_path / "root", [path]).sources) == {path.as_posix()}


def test_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path, tmp_path / "nothing.py") == [("E0002", "nothing.py")]


def test_missing_variant(tmp_path: Path) -> None:
    top = write(tmp_path, "a.py", STRUCT)
    assert refused(tmp_path, top, variants=(tmp_path / "v.py",)) == [("E0002", "v.py")]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path, tmp_path) == [("E0002", ".")]


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert refused(tmp_path, Path("a\0b.py")) == [("E0002", r"'a\x00b.py'")]


def test_links_that_go_in_a_circle(tmp_path: Path) -> None:
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    with pytest.raises(ModelErrors) as caught:
        load_program(tmp_path, [loop])
    assert [d.code for d in caught.value.diagnostics] == ["E0002"]


def test_an_imported_folder_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "models" / "a.py").mkdir(parents=True)
    top = write(tmp_path, "b.py", "from models.a import x\n")
    assert refused(tmp_path, top) == [("E0002", "models/a.py")]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(ModelErrors, match="UTF-8") as caught:
        load_program(tmp_path, [path])
    assert caught.value.diagnostics[0].code == "E0002"


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbf" + STRUCT.encode())
    assert "sock" in load_program(tmp_path, [path]).structs


def test_missing_module_names_the_file(tmp_path: Path) -> None:
    top = write(tmp_path, "a.py", "from models.skmsg import sk_psock\n")
    with pytest.raises(ModelErrors, match=r"models/skmsg\.py") as caught:
        load_program(tmp_path, [top])
    assert [d.code for d in caught.value.diagnostics] == ["E0103"]


def test_a_broken_import_is_reported_once(tmp_path: Path) -> None:
    write(tmp_path, "models/a.py", "class sock(Struct)\n")
    top = write(
        tmp_path,
        "b.py",
        "from models.a import sock, g\nfrom psockmc.lang import Ptr, user\n@user\ndef f(s: Ptr[sock]) -> None:\n    g(s.n)\n",
    )
    assert refused(tmp_path, top) == [("E0001", "models/a.py")]


def test_a_name_that_is_only_imported_there_is_traced_to_its_file(tmp_path: Path) -> None:
    write(tmp_path, "models/a.py", STRUCT)
    write(tmp_path, "models/b.py", "from models.a import sock\n")
    top = write(tmp_path, "c.py", "from models.b import sock\n")
    with pytest.raises(ModelErrors, match=r"write `from models\.a import sock`"):
        load_program(tmp_path, [top])


def test_errors_of_a_definition_are_not_repeated_where_it_is_imported(tmp_path: Path) -> None:
    write(
        tmp_path,
        "models/a.py",
        "from psockmc.lang import user\nclass sock:\n    pass\n@user\ndef g(n) -> None:\n    pass\n",
    )
    write(tmp_path, "models/b.py", "from psockmc.lang import nothing\nfrom models.c import x\n")
    top = write(
        tmp_path,
        "d.py",
        "from models.a import sock, g\nfrom models.b import nothing, x\nfrom psockmc.lang import Ptr, user\n"
        "@user\ndef f(s: Ptr[sock]) -> None:\n    g(s)\n    nothing(x)\n",
    )
    assert refused(tmp_path, top) == [
        ("E0204", "models/a.py"),
        ("E0302", "models/a.py"),
        ("E0105", "models/b.py"),
        ("E0103", "models/b.py"),
    ]


def test_two_files_that_define_one_name_clash(tmp_path: Path) -> None:
    a, b = write(tmp_path, "a.py", STRUCT), write(tmp_path, "b.py", STRUCT)
    assert refused(tmp_path, a, b) == [("E0107", "b.py")]


def test_importing_one_name_from_two_files_clashes(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "LIMIT = 3\n")
    write(tmp_path, "b.py", "LIMIT = 4\n")
    top = write(tmp_path, "c.py", "from a import LIMIT\nfrom b import LIMIT\n")
    assert refused(tmp_path, top) == [("E0107", "c.py")]


def test_constants_may_have_one_name_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "LIMIT = 3\n")
    top = write(tmp_path, "c.py", "from a import LIMIT\nTWICE = LIMIT * 2\n")
    other = write(tmp_path, "d.py", "LIMIT = 4\n")
    load_program(tmp_path, [top, other])


def test_types_may_be_named_before_they_are_defined() -> None:
    load_source(
        "from psockmc.lang import Ptr, Struct, u32\nclass a(Struct):\n    b: Ptr[b]\nclass b(Struct):\n    n: u32\n"
    )


def test_the_kernel_package_is_found_without_a_root() -> None:
    program = load_source("from psockmc.kernel.spinlock import spinlock_t\n")
    assert program.structs["spinlock_t"].span.file == "psockmc/kernel/spinlock.py"


def test_future_annotations_are_harmless() -> None:
    load_source("from __future__ import annotations\n")


def test_an_empty_file_is_an_empty_program() -> None:
    assert load_source("").functions == {}
