"""The keys of a list of verifications, newest first.

A list key names an app, perhaps a reason, what the verifications are listed as, and perhaps their biz_no. A
list is merged from the beginnings of its keys in an index of (list key, created_at, id), so that a page costs
a few rows per key, whatever the filters. The whole key is one expression, so the planner can choose no other
index, whatever its statistics.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.lookups.listed import decided_words
from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.positions import NEWEST, OLDEST, Position, first_before
from adapters.store.statements.second_looks import waits_for
from domain.errors import RefusedValue
from domain.model import State
from domain.views.verifications import Filters


class _Listed(NamedTuple):
    """The second part of a list key; with `decision`, only verifications with that outcome."""

    word: str
    decision: str | None = None


async def find_ids(
    engine: AsyncEngine, filters: Filters, *, limit: int, after: Position | None = None
) -> list[UUID]:
    """The ids of the newest verifications that match `filters`, after `after` (created_at, id), in order.

    Raises:
        RefusedValue: no column can hold a value of the filters.
        DatabaseAway: the server is away.
    """
    statement, values = select_newest(filters, limit=limit, after=after)
    try:
        async with bulk_connection(engine) as connection:
            return [row["id"] for row in await connection.fetch(statement, *values)]
    except asyncpg.DataError as error:
        raise RefusedValue(f"SQLSTATE {error.sqlstate}") from None


def select_newest(
    filters: Filters, *, limit: int, after: Position | None = None
) -> tuple[str, Sequence[Any]]:
    """The statement of `find_ids` and its parameters."""
    ends = [NEWEST, *([after] if after else []), *([first_before(filters.until)] if filters.until else [])]
    reader = filters.hidden_from
    hidden = (None, None) if reader is None else (reader.person_id, [*reader.app_ids])
    page = (filters.since or OLDEST, *min(ends), limit, *hidden)
    if filters.mode is not None:
        return _OF_MODE, (_mode_keys(filters, filters.mode), *page)
    if filters.reason is not None:
        return _OF_REASON[filters.biz_no is not None], (_reason_keys(filters, filters.reason), *page)
    listed = list(product(filters.app_ids, _listed(filters)))
    keys = [list_key(app_id, each.word, biz_no=filters.biz_no) for app_id, each in listed]
    decisions = [each.decision for _, each in listed]
    return _ALL[filters.biz_no is not None], (keys, *page, decisions)


def _listed(filters: Filters) -> Iterator[_Listed]:
    outcome = filters.outcome or filters.effective_outcome
    if filters.state in (None, State.DECIDED):
        yield from map(_Listed, decided_words(filters))
        yield from _left_by_older_versions(filters)
    if outcome is None:
        undecided = (each for each in State if each is not State.DECIDED)
        yield from (_Listed(each) for each in undecided if filters.state in (None, each))


def _left_by_older_versions(filters: Filters) -> Iterator[_Listed]:
    wanted = {each for each in (filters.outcome, filters.effective_outcome) if each is not None}
    if len(wanted) < 2:
        yield _Listed(State.DECIDED, next(iter(wanted), None))


def _mode_keys(filters: Filters, mode: str) -> list[str]:
    if filters.biz_no is not None or filters.reason is not None:
        raise ValueError("no index has a mode with a biz_no or a reason")
    if filters.state not in (None, State.DECIDED):
        return []
    listed = product(filters.app_ids, decided_words(filters))
    return [list_key(app_id, word, mode=mode) for app_id, word in listed]


def _reason_keys(filters: Filters, reason: str) -> list[str]:
    if filters.state not in (None, State.DECIDED):
        return []
    listed = product(filters.app_ids, decided_words(filters))
    return [list_key(app_id, word, reason=reason, biz_no=filters.biz_no) for app_id, word in listed]


def list_key(
    app_id: str, word: str, *, reason: str | None = None, mode: str | None = None, biz_no: str | None = None
) -> str:
    """The key of an app's verifications that are listed as `word`; with `reason`, `mode` or `biz_no`, of
    those alone.

    Neither an app id nor a reason nor a word nor a mode has a slash.
    """
    return "/".join(part for part in (app_id, reason, word, mode, biz_no) if part is not None)


_LISTED: Final = "COALESCE(v.listed_as, v.state)"
"""The last part of a list key without biz_no: what a decided verification is listed as, or the state of what
is undecided.

An older version than migration 0011 decides without an outcome here. Its verifications are listed as
`decided`, until `PgLeftovers` lists them, and their decision has the outcome."""


def _newest(rows: str, *, key: str, id_column: str, listed: str, condition: str = "true") -> str:
    return f"""
SELECT page.id FROM {listed} CROSS JOIN LATERAL (
  SELECT v.{id_column} AS id, v.created_at FROM {rows} v
  WHERE ({key}) = listed.key
    AND v.created_at >= CAST($2 AS timestamptz)
    AND (v.created_at, v.{id_column}) < (CAST($3 AS timestamptz), CAST($4 AS uuid))
    AND {condition}
    AND (CAST($6 AS uuid) IS NULL OR v.app_id <> ALL(CAST($7 AS text[])) OR NOT EXISTS (
      SELECT FROM review_cases c WHERE c.verification_id = v.{id_column} AND {waits_for("$6")}))
  ORDER BY v.created_at DESC, v.{id_column} DESC LIMIT CAST($5 AS bigint)
) AS page
ORDER BY page.created_at DESC, page.id DESC LIMIT CAST($5 AS bigint)
"""  # noqa: S608 - constants alone


def _newest_of_keys(rows: str, *, key: str, id_column: str) -> str:
    return _newest(rows, key=key, id_column=id_column, listed="unnest(CAST($1 AS text[])) AS listed (key)")


def _newest_of_all(key: str) -> str:
    return _newest(
        "verifications",
        key=key,
        id_column="id",
        listed="unnest(CAST($1 AS text[]), CAST($8 AS text[])) AS listed (key, decision)",
        condition="""(listed.decision IS NULL
         OR listed.decision = (SELECT d.outcome FROM decisions d WHERE d.verification_id = v.id))""",
    )


def _newest_of_reason(key: str) -> str:
    return _newest_of_keys("decision_reasons", key=key, id_column="verification_id")


_KEY: Final = f"v.app_id || '/' || {_LISTED}"
_REASON_KEY: Final = "v.app_id || '/' || v.code || '/' || v.listed_as"
_ALL: Final = (_newest_of_all(_KEY), _newest_of_all(f"{_KEY} || '/' || v.biz_no"))
_OF_REASON: Final = (_newest_of_reason(_REASON_KEY), _newest_of_reason(f"{_REASON_KEY} || '/' || v.biz_no"))
"""Without and with a biz_no."""
_OF_MODE: Final = _newest_of_keys(
    "verifications", key="v.app_id || '/' || v.listed_as || '/' || v.mode", id_column="id"
)
