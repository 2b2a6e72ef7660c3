"""Writes the pages of a part to a folder: all of a file or nothing of it, and only what has changed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psockmc.content import UsageError
from psockmc.reports.parts import Part


@dataclass(frozen=True)
class Written:
    """What became of a part's files, each named by its path below the folder."""

    part: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


def require_writable(folder: Path, option: str = "--to") -> None:
    """Make the folder, and raise UsageError when no file can be written there: before hours of searching, not after.

    option: the one that names another folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".writable", "")
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; name another folder with {option}") from error


def write(folder: Path, part: Part, pages: Mapping[str, str]) -> Written:
    """Write the pages of a part, and remove those of its files that are no pages any more.

    Raises UsageError when the machine does not let it, ValueError for a page that is not the part's own.
    """
    for path in pages:
        if not part.is_its_own(path):
            raise ValueError(f"the part {part.name} makes {path}, which is none of {', '.join(part.owns)}")
    changed = tuple(path for path, text in sorted(pages.items()) if _replace(folder / path, text))
    return Written(part.name, changed, tuple(_remove_old(folder, part, pages)), tuple(sorted({*pages} - {*changed})))


def _replace(path: Path, text: str) -> bool:
    """Make `text` the content of the file; False when it was already."""
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; mend that, or name another folder") from error
    return True


def write_atomically(path: Path, text: str) -> None:
    """All of the file or nothing of it, whatever fails. Raises OSError."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with new.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _remove_old(folder: Path, part: Part, pages: Mapping[str, str]) -> list[str]:
    removed = []
    for file in sorted(file for pattern in part.owns for file in folder.glob(pattern)):
        path = file.relative_to(folder).as_posix()
        if path not in pages:
            try:
                file.unlink()
            except OSError as error:
                raise UsageError(f"cannot remove {file}, which is no page any more: {error.strerror}") from error
            removed.append(path)
    return removed
