"""Files and folders of code stay small enough to be seen at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = (
    "domain", "usecases", "adapters", "service", "workers", "simulator", "devstack", "cli",
    "client", "bench", "tests",
)  # fmt: skip
MOST_LINES: Final = 300
MOST_ENTRIES: Final = 14
UNCOUNTED: Final = {"__init__.py", "__pycache__", "conftest.py", "py.typed"}

LISTS: Final = {
    "adapters/postgres/migrations/versions": "a file for each revision, in the order of its number",
}
"""Folders that may have more entries, and why."""


def test_no_file_has_more_lines_than_one_reads_at_once() -> None:
    long = {str(file.relative_to(ROOT)): count for file in _files() if (count := _lines(file)) > MOST_LINES}
    assert long == {}


def test_no_folder_has_more_entries_than_one_sees_at_once() -> None:
    full = {str(folder.relative_to(ROOT)): len(_entries(folder)) for folder in {f.parent for f in _files()}}
    assert {
        folder: count for folder, count in full.items() if count > MOST_ENTRIES and folder not in LISTS
    } == {}


def test_every_exception_is_still_needed() -> None:
    assert [folder for folder in LISTS if len(_entries(ROOT / folder)) <= MOST_ENTRIES] == []


def _files() -> Iterator[Path]:
    for source in SOURCES:
        yield from (ROOT / source).rglob("*.py")


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n")


def _entries(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name not in UNCOUNTED and not _is_left_over(each)]


def _is_left_over(entry: Path) -> bool:
    """A folder that has moved away, of which bytecode alone is left."""
    return entry.is_dir() and all("__pycache__" in each.parts for each in entry.rglob("*") if each.is_file())
