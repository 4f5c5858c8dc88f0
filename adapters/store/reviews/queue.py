"""The queue: pages of cases, and the most urgent one that no one works on.

A page is merged from the beginnings of its parts in the index `review_cases_waiting`: an app, a state, and
(behind a place) a priority, so that it costs a few rows for each, however many cases there are.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any, Final
from uuid import UUID

import asyncpg

from adapters.store.reviews.cases import COLUMNS
from adapters.store.statements.positions import NEWEST, OLDEST
from domain.reviews.case import CaseState, Priority, Shown
from domain.views.reviews import CaseFilter, CasePlace

_WAITING: Final = (CaseState.OPEN, CaseState.SNOOZED, CaseState.PROPOSED)
_FIRST: Final = UUID(int=0)
_AT_ONCE: Final = 32
"""Candidates for the next case. If other transactions have locked all of them, the search waits."""


def select_page(
    which: CaseFilter, *, limit: int, now: datetime, after: CasePlace | None
) -> tuple[str, Sequence[Any]]:
    """The statement of a page of cases, and its parameters."""
    apps = list(which.app_ids)
    if which.state is Shown.CLOSED:
        place = NEWEST if after is None else after[1:]
        return _CLOSED, (apps, *place, limit)
    latest = now if which.overdue else NEWEST[0]
    if which.state is Shown.CLAIMED or which.held_by is not None:
        state = CaseState.OPEN if which.state is Shown.CLAIMED else which.state
        return _CLAIMED, (apps, now, *_place(after), limit, state, which.held_by, which.priority, latest)
    parts = list(_parts(which, after))
    columns = [list(column) for column in zip(*parts, strict=True)] or [[], [], [], [], []]
    claimed = False if which.state is Shown.OPEN else None
    return (_OVERDUE if which.overdue else _PAGE), (*columns, claimed, now, limit)


def _place(after: CasePlace | None) -> tuple[int, datetime, UUID]:
    return (int(max(Priority)) + 1, OLDEST, _FIRST) if after is None else after


def _parts(which: CaseFilter, after: CasePlace | None) -> list[tuple[str, str, int, datetime, UUID]]:
    """The parts of a list: app, state and priority, each with the place behind which it begins."""
    states = _WAITING if which.state is None else (CaseState(_stored(which.state)),)
    priority, due_at, case_id = _place(after)
    begin = {each: (OLDEST, _FIRST) for each in Priority if each < priority}
    if after is not None:
        begin[Priority(priority)] = (due_at, case_id)
    if which.priority is not None:
        begin = {each: place for each, place in begin.items() if each is which.priority}
    return [
        (app_id, state.value, int(each), *begin[each])
        for app_id, state, each in product(which.app_ids, states, begin)
    ]


def _stored(state: Shown) -> str:
    return CaseState.OPEN if state is Shown.CLAIMED else state.value


def select_next(
    app_ids: Sequence[str], *, person_id: UUID, now: datetime, approving: Sequence[str]
) -> tuple[str, Sequence[Any]]:
    """The statement that locks the most urgent case that this person may claim, and its parameters."""
    return _NEXT, _who(app_ids, person_id, now, approving)


async def lock_next(
    connection: asyncpg.Connection,
    app_ids: Sequence[str],
    *,
    person_id: UUID,
    now: datetime,
    approving: Sequence[str],
) -> asyncpg.Record | None:
    """Lock the most urgent case that this person may claim; None if there is none.

    While others lock every candidate, this waits for them: each has claimed one, or leaves it.
    """
    values = _who(app_ids, person_id, now, approving)
    row = await connection.fetchrow(_NEXT, *values)
    while row is None and await connection.fetchval(_HAS_NEXT, *values):
        row = await connection.fetchrow(_NEXT_WAITING, *values)
    return row


def _who(
    app_ids: Sequence[str], person_id: UUID, now: datetime, approving: Sequence[str]
) -> tuple[list[str], list[str], datetime, UUID]:
    parts = [*((app, "open") for app in app_ids), *((app, "proposed") for app in approving)]
    return [app for app, _ in parts], [state for _, state in parts], now, person_id


_LISTED: Final = f"""{COLUMNS}, v.biz_id, v.biz_no, d.outcome,
       ARRAY(SELECT reason ->> 'code' FROM json_array_elements(d.reasons) AS reason) AS codes"""  # noqa: S608

_WITH_DECISION: Final = """JOIN review_cases c USING (id)
JOIN verifications v ON v.id = c.verification_id JOIN decisions d ON d.verification_id = c.verification_id"""

LISTED_ONE: Final = f"""
SELECT {_LISTED} FROM (SELECT CAST($1 AS uuid) AS id) AS one {_WITH_DECISION}
WHERE c.app_id = ANY(CAST($2 AS text[]))
"""  # noqa: S608 - constants alone

_PAGE: Final = f"""
WITH page AS MATERIALIZED (
  SELECT found.id, found.priority, found.due_at
  FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS smallint[]), CAST($4 AS timestamptz[]),
              CAST($5 AS uuid[])) AS part (app_id, state, priority, due_at, id)
  CROSS JOIN LATERAL (
    SELECT c.id, c.priority, c.due_at FROM review_cases c
    WHERE c.app_id = part.app_id AND c.state = part.state AND c.state <> 'closed'
      AND c.priority = part.priority AND (c.due_at, c.id) > (part.due_at, part.id)
      AND (CAST($6 AS boolean) IS NULL
           OR CAST($6 AS boolean) = COALESCE(c.lease_until > CAST($7 AS timestamptz), false))
    ORDER BY c.due_at, c.id LIMIT CAST($8 AS bigint)
  ) AS found
  ORDER BY found.priority DESC, found.due_at, found.id LIMIT CAST($8 AS bigint)
)
SELECT {_LISTED} FROM page {_WITH_DECISION} ORDER BY c.priority DESC, c.due_at, c.id
"""  # noqa: S608 - constants alone
"""Claimed cases are left out of open ones one by one: there are as many as persons who work now."""

_OVERDUE: Final = _PAGE.replace(") AS found\n", ") AS found WHERE found.due_at <= CAST($7 AS timestamptz)\n")
"""Outside of the parts, which begin with what is overdue: inside, the planner would read another index, which
has no priority."""

_CLAIMED: Final = f"""
WITH held AS MATERIALIZED (
  SELECT id, priority, due_at, state, claimed_by FROM review_cases
  WHERE app_id = ANY(CAST($1 AS text[])) AND claimed_by IS NOT NULL AND lease_until > $2 LIMIT 10000
), page AS MATERIALIZED (
  SELECT id FROM held
  WHERE state = COALESCE(CAST($7 AS text), state)
    AND claimed_by = COALESCE(CAST($8 AS uuid), claimed_by)
    AND priority = COALESCE(CAST($9 AS smallint), priority) AND due_at <= CAST($10 AS timestamptz)
    AND (-priority, due_at, id) > (-CAST($3 AS integer), CAST($4 AS timestamptz), CAST($5 AS uuid))
  ORDER BY priority DESC, due_at, id LIMIT CAST($6 AS bigint)
)
SELECT {_LISTED} FROM page {_WITH_DECISION} ORDER BY c.priority DESC, c.due_at, c.id
"""  # noqa: S608 - constants alone

_CLOSED: Final = f"""
WITH page AS MATERIALIZED (
  SELECT found.id FROM unnest(CAST($1 AS text[])) AS part (app_id) CROSS JOIN LATERAL (
    SELECT c.id, c.closed_at FROM review_cases c
    WHERE c.app_id = part.app_id AND c.state = 'closed'
      AND (c.closed_at, c.id) < (CAST($2 AS timestamptz), CAST($3 AS uuid))
    ORDER BY c.closed_at DESC, c.id DESC LIMIT CAST($4 AS bigint)
  ) AS found ORDER BY found.closed_at DESC, found.id DESC LIMIT CAST($4 AS bigint)
)
SELECT {_LISTED} FROM page {_WITH_DECISION} ORDER BY c.closed_at DESC, c.id DESC
"""  # noqa: S608 - constants alone

_MAY_CLAIM: Final = """c.state <> 'closed'
      AND (c.lease_until IS NULL OR c.lease_until <= CAST($3 AS timestamptz))
      AND CAST($4 AS uuid) <> ALL(c.not_for)
      AND (c.proposal ->> 'person_id') IS DISTINCT FROM CAST(CAST($4 AS uuid) AS text)"""

_CANDIDATES: Final = f"""
WITH candidates AS MATERIALIZED (
  SELECT found.id, found.priority, found.due_at
  FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS part (app_id, state)
  CROSS JOIN LATERAL (
    SELECT c.id, c.priority, c.due_at FROM review_cases c
    WHERE c.app_id = part.app_id AND c.state = part.state AND {_MAY_CLAIM}
    ORDER BY c.priority DESC, c.due_at, c.id LIMIT {_AT_ONCE}
  ) AS found
  ORDER BY found.priority DESC, found.due_at, found.id LIMIT {_AT_ONCE}
)
"""  # noqa: S608 - constants alone

_NEXT_WAITING: Final = f"""{_CANDIDATES}
SELECT {COLUMNS} FROM review_cases c
WHERE c.id = ANY(ARRAY(SELECT id FROM candidates))
  AND (c.app_id, c.state) IN (SELECT * FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]))) AND {_MAY_CLAIM}
ORDER BY c.priority DESC, c.due_at, c.id LIMIT 1 FOR NO KEY UPDATE
"""  # noqa: S608 - constants alone
"""All conditions again: PostgreSQL checks them on the row as it is when the lock is there."""

_NEXT: Final = f"{_NEXT_WAITING.rstrip()} SKIP LOCKED"

_HAS_NEXT: Final = f"{_CANDIDATES} SELECT EXISTS (SELECT FROM candidates)"  # noqa: S608

DUE: Final = """
(SELECT id, app_id FROM review_cases WHERE claimed_by IS NOT NULL AND lease_until <= $1 LIMIT $2)
UNION (SELECT id, app_id FROM review_cases WHERE snoozed_until <= $1 LIMIT $2)
UNION (SELECT id, app_id FROM review_cases WHERE escalate_at <= $1 LIMIT $2)
"""
"""Each part has an index that holds such cases alone."""
