"""The keys of a list of verifications, newest first.

A list key names an app, what its verifications are listed as, and perhaps their biz_no. A list is merged from
the beginnings of its keys in an index of (list key, created_at, id), so that a page costs a few rows per key,
whatever the filters. The whole key is one expression, so the planner can choose no other index, whatever its
statistics.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.positions import NEWEST, OLDEST, Position, first_before
from domain.errors import RefusedValue
from domain.model import Outcome, State
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
    listed = list(product(filters.app_ids, _listed(filters)))
    keys = [list_key(app_id, each.word, filters.biz_no) for app_id, each in listed]
    decisions = [each.decision for _, each in listed]
    ends = [NEWEST, *([after] if after else []), *([first_before(filters.until)] if filters.until else [])]
    statement = _NEWEST if filters.biz_no is None else _NEWEST_OF_BIZ_NO
    return statement, (keys, decisions, filters.since or OLDEST, *min(ends), limit)


def _listed(filters: Filters) -> Iterator[_Listed]:
    if filters.outcome is not None:
        if filters.state in (None, State.DECIDED):
            yield _Listed(filters.outcome)
            yield _Listed(State.DECIDED, filters.outcome)
        return
    yield from map(_Listed, State if filters.state is None else (filters.state,))
    if filters.state in (None, State.DECIDED):
        yield from map(_Listed, Outcome)


def list_key(app_id: str, word: str, biz_no: str | None = None) -> str:
    """The key of an app's verifications that are listed as `word`; with `biz_no`, of those alone.

    Neither an app id nor a word has a slash.
    """
    return "/".join((app_id, word) if biz_no is None else (app_id, word, biz_no))


_LISTED: Final = "COALESCE(v.listed_as, v.state)"
"""The second part of a list key: the outcome, or the state of what is undecided.

An older version than migration 0011 decides without an outcome here. Its verifications are listed as
`decided`, until `PgLeftovers` lists them, and their decision has the outcome."""


def _newest(key: str) -> str:
    return f"""
SELECT page.id FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS listed (key, decision)
CROSS JOIN LATERAL (
  SELECT v.id, v.created_at FROM verifications v
  WHERE ({key}) = listed.key
    AND v.created_at >= CAST($3 AS timestamptz)
    AND (v.created_at, v.id) < (CAST($4 AS timestamptz), CAST($5 AS uuid))
    AND (listed.decision IS NULL
         OR listed.decision = (SELECT d.outcome FROM decisions d WHERE d.verification_id = v.id))
  ORDER BY v.created_at DESC, v.id DESC LIMIT CAST($6 AS bigint)
) AS page
ORDER BY page.created_at DESC, page.id DESC LIMIT CAST($6 AS bigint)
"""  # noqa: S608 - constants alone


_NEWEST: Final = _newest(f"v.app_id || '/' || {_LISTED}")
_NEWEST_OF_BIZ_NO: Final = _newest(f"v.app_id || '/' || {_LISTED} || '/' || v.biz_no")
