"""One line for each wrong setting: its name, the problem, its source. Never its value."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapters.configuration.did_you_mean import closest
from adapters.configuration.sources import PREFIX, Source
from domain.model import APP_ID_SHAPE

Path = Sequence[str | int]


def lines_of(error: ValidationError, sources: Sequence[Source], app_keys: Collection[str]) -> list[str]:
    """One line for every wrong setting. `app_keys` are the keys of an app's table."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [_line(problem, sources, app_keys) for problem in details]


def _line(problem: ErrorDetails, sources: Sequence[Source], app_keys: Collection[str]) -> str:
    path, message = problem["loc"], problem["msg"].removeprefix("Value error, ")
    if path[0] != "apps" and len(path) > 1:
        message = f"item {int(path[1]) + 1}: {message}"
    if problem["type"] == "missing":
        return f"{_name(path)}: not set"
    source = _source_of(path, sources)
    if problem["type"] == "extra_forbidden":
        return f"{_unknown_key(path, source, app_keys)}{_where(path, source)}"
    if problem["type"] == "model_type":
        message = "must be a table of the app's keys"
    return f"{_name(path)}: {message}{_where(path, source)}"


def _name(path: Path) -> str:
    """`FACEID_NAME`, or the path of a value below `apps`."""
    if path[0] != "apps":
        return f"{PREFIX}{path[0]}".upper()
    app = [shown_app(str(path[1]))] if len(path) > 1 else []
    return ".".join(("apps", *app, *map(str, path[2:])))


def shown_app(app_id: str) -> str:
    """An app's id for a message, or "?" if it is not a valid one."""
    return app_id if APP_ID_SHAPE.fullmatch(app_id) else "?"


def _unknown_key(path: Path, source: Source | None, app_keys: Collection[str]) -> str:
    """Repeat a key only if it is close to a known one, since it may be a misplaced secret."""
    key, table = str(path[-1]), path[:-1]
    meant = closest(key, app_keys)
    if meant:
        return f"{_name(path)}: is unknown, did you mean {meant}?"
    keys = list(_at(table, source))
    return f"{_name(table)}: key {keys.index(key) + 1} of {len(keys)} is unknown"


def _at(path: Path, source: Source | None) -> Any:
    value: Any = source.given if source else {}
    for part in path:
        value = value[part]
    return value


def _source_of(path: Path, sources: Sequence[Source]) -> Source | None:
    """The source of the value: the first of those with the longest match of its path."""
    return max(sources, key=lambda source: source.holds(path), default=None)


def _where(path: Path, source: Source | None) -> str:
    if source is None or not source.holds(path):
        return ""
    if path[0] == "apps" and source.variables:
        return f" (FACEID_APPS in {source.place})"
    return (
        f" (in {source.place})"
        if source.variables or path[0] == "apps"
        else f" ({path[0]} in {source.place})"
    )
