"""One line for each wrong setting: its name, the problem, its source. Never its value."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapters.configuration.did_you_mean import closest
from adapters.configuration.sources import PREFIX, Source
from domain.model import APP_ID_SHAPE

Path = Sequence[str | int]
Tables = Mapping[str, Collection[str]]
"""The settings that are tables by id (`apps`), and the keys of such a table."""


def lines_of(error: ValidationError, sources: Sequence[Source], tables: Tables) -> list[str]:
    """One line for every wrong setting."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [_line(problem, sources, tables) for problem in details]


def _line(problem: ErrorDetails, sources: Sequence[Source], tables: Tables) -> str:
    path, message = problem["loc"], problem["msg"].removeprefix("Value error, ")
    if path[0] not in tables and len(path) > 1:
        message = f"item {int(path[1]) + 1}: {message}"
    if problem["type"] == "missing":
        return f"{_name(path, tables)}: not set"
    source = _source_of(path, sources)
    if problem["type"] == "extra_forbidden":
        return f"{_unknown_key(path, source, tables)}{_where(path, source, tables)}"
    if problem["type"] == "model_type":
        message = "must be a table of its keys"
    return f"{_name(path, tables)}: {message}{_where(path, source, tables)}"


def _name(path: Path, tables: Tables) -> str:
    """`FACEID_NAME`, or the path of a value below `apps` or another table."""
    if path[0] not in tables:
        return f"{PREFIX}{path[0]}".upper()
    shown = [shown_id(str(path[1]))] if len(path) > 1 else []
    return ".".join((str(path[0]), *shown, *map(str, path[2:])))


def shown_id(text: str) -> str:
    """An id of an app or a sink for a message, or "?" if it is not a valid one."""
    return text if APP_ID_SHAPE.fullmatch(text) else "?"


def _unknown_key(path: Path, source: Source | None, tables: Tables) -> str:
    """Repeat a key only if it is close to a known one, since it may be a misplaced secret."""
    key, table = str(path[-1]), path[:-1]
    meant = closest(key, tables.get(str(path[0]), ()))
    if meant:
        return f"{_name(path, tables)}: is unknown, did you mean {meant}?"
    keys = list(_at(table, source))
    return f"{_name(table, tables)}: key {keys.index(key) + 1} of {len(keys)} is unknown"


def _at(path: Path, source: Source | None) -> Any:
    value: Any = source.given if source else {}
    for part in path:
        value = value[part]
    return value


def _source_of(path: Path, sources: Sequence[Source]) -> Source | None:
    """The source of the value: the first of those with the longest match of its path."""
    return max(sources, key=lambda source: source.holds(path), default=None)


def _where(path: Path, source: Source | None, tables: Tables) -> str:
    if source is None or not source.holds(path):
        return ""
    if path[0] in tables and source.variables:
        return f" ({PREFIX}{str(path[0]).upper()} in {source.place})"
    return (
        f" (in {source.place})"
        if source.variables or path[0] in tables
        else f" ({path[0]} in {source.place})"
    )
