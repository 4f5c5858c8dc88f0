"""Cases and reviews on PostgreSQL: every step under the locks of its verification and its case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.store.events.log import append_in_bulk
from adapters.store.lookups.review_figures import read_figures
from adapters.store.reviews.asked import open_asked
from adapters.store.reviews.cases import COLUMNS, EVENTS, case_of, event_of
from adapters.store.reviews.concluded import read_concluded
from adapters.store.reviews.evidence import StoredEvidence, read_evidence
from adapters.store.reviews.notes import Notes
from adapters.store.reviews.queue import DUE, LISTED_ONE, lock_next, select_page
from adapters.store.reviews.steps import Sealed, told, write_renewal, write_step
from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.openings import open_another
from adapters.store.statements.second_looks import waits_for
from domain.model import Outcome
from domain.people.actor import Actor
from domain.reviews.case import Because, Priority, ReviewCase
from domain.reviews.errors import NoSuchCase
from domain.reviews.evidence_hash import evidence_hash
from domain.reviews.history import CONCLUDING, CaseEvent, Kind, apply
from domain.reviews.step import Decide, Seen, Step
from domain.views.reviews import (
    CaseFilter,
    CasePlace,
    CaseView,
    ConcludedReview,
    ListedCase,
    NotedEvent,
    Opened,
    ReviewFigures,
)


class PgReviews:
    """Cases, their events, and reviews."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys) -> None:
        self._engine = engine
        self._keys = keys

    async def page(
        self, which: CaseFilter, *, limit: int, now: datetime, after: CasePlace | None = None
    ) -> list[ListedCase]:
        """The most urgent cases that match, behind `after`; closed ones newest first."""
        statement, values = select_page(which, limit=limit, now=now, after=after)
        async with bulk_connection(self._engine) as connection:
            return [_listed(row) for row in await connection.fetch(statement, *values)]

    async def count(self, case_ids: Sequence[UUID], app_ids: Sequence[str]) -> int:
        """How many of these cases these apps have that have not ended."""
        async with bulk_connection(self._engine) as connection:
            return int(await connection.fetchval(_COUNT, list(case_ids), list(app_ids)))

    async def find(self, case_id: UUID, app_ids: Sequence[str]) -> CaseView | None:
        """The case with its evidence and events, if one of these apps has it."""
        async with bulk_connection(self._engine, as_one=True) as connection:
            row = await connection.fetchrow(LISTED_ONE, case_id, list(app_ids))
            if row is None:
                return None
            case = case_of(row)
            stored = await read_evidence(connection, case)
            events = await connection.fetch(EVENTS, case_id)
        notes = await self._notes(case, stored)
        return CaseView(
            _listed(row),
            stored.evidence,
            evidence_hash(stored.evidence),
            stored.policy_name,
            stored.policy_version,
            tuple(
                NotedEvent(event_of(row), notes.readable(row["note_ct"], seq=row["seq"])) for row in events
            ),
        )

    async def second_looks(self, verification_ids: Sequence[UUID], *, person_id: UUID) -> set[UUID]:
        """Those of these verifications of which a blind second look waits that this person may take."""
        async with bulk_connection(self._engine) as connection:
            rows = await connection.fetch(_SECOND_LOOKS, list(verification_ids), person_id)
        return {row["verification_id"] for row in rows}

    async def change(
        self, case_id: UUID, app_ids: Sequence[str], decide: Decide, *, actor: Actor
    ) -> ReviewCase:
        """Do one step of a case; the case after it.

        Raises:
            NoSuchCase: these apps have no such case.
            ReviewRefused: as `decide`.
            BrokenSeal: there is a note, and the verification's key cannot seal it.
        """
        async with bulk_connection(self._engine, as_one=True) as connection:
            row = await connection.fetchrow(_LOCK, case_id, list(app_ids))
            if row is None:
                raise NoSuchCase
            return await self._step(connection, case_of(row), decide, actor)

    async def change_next(
        self,
        app_ids: Sequence[str],
        decide: Decide,
        *,
        actor: Actor,
        now: datetime,
        approving: Sequence[str] = (),
    ) -> ReviewCase | None:
        """Do one step, which is a claim, of the most urgent case that no one works on."""
        assert actor.person_id is not None  # noqa: S101 - a person asks
        who: dict[str, Any] = {"person_id": actor.person_id, "now": now, "approving": approving}
        async with bulk_connection(self._engine, as_one=True) as connection:
            row = await lock_next(connection, app_ids, **who)
            return None if row is None else await self._step(connection, case_of(row), decide, actor)

    async def open(
        self,
        biz_id: str,
        app_ids: Sequence[str],
        because: Because,
        *,
        note: str | None,
        actor: Actor,
        now: datetime,
    ) -> Opened:
        """Open a case of a decided verification, or note on its open case why the actor asks for one.

        Raises:
            NoSuchCase: these apps have no such decided verification.
        """
        async with bulk_connection(self._engine, as_one=True) as connection:
            ids = (biz_id, app_ids)
            return await open_asked(connection, self._keys, ids, because, note=note, actor=actor, now=now)

    async def due(self, *, now: datetime, limit: int) -> list[tuple[UUID, str]]:
        """Cases with something for the gateway to do, each with its app."""
        async with bulk_connection(self._engine) as connection:
            rows = await connection.fetch(DUE, now, limit)
        return [(row["id"], row["app_id"]) for row in rows]

    async def concluded(self, verification_id: UUID, *, with_notes: bool) -> list[ConcludedReview]:
        """What persons concluded about a verification, newest first, 50 at most."""
        async with bulk_connection(self._engine) as connection:
            return await read_concluded(connection, self._keys, verification_id, with_notes=with_notes)

    async def figures(self, app_ids: Sequence[str], *, now: datetime) -> ReviewFigures:
        """Counts for metrics."""
        return await read_figures(self._engine, app_ids, now=now)

    async def _step(
        self, connection: asyncpg.Connection, case: ReviewCase, decide: Decide, actor: Actor
    ) -> ReviewCase:
        stored = await read_evidence(connection, case)
        step = decide(Seen(case, stored.evidence, evidence_hash(stored.evidence), stored.counts))
        if step is None:
            return case
        if step.event is None:
            await write_renewal(connection, case, step.case)
            return step.case
        return await self._write(connection, case, stored, step, step.event, actor)

    async def _notes(self, case: ReviewCase, stored: StoredEvidence) -> Notes:
        await self._keys.load([stored.wrapped_key])
        return Notes(self._keys, case, stored.wrapped_key)

    async def _write(
        self,
        connection: asyncpg.Connection,
        case: ReviewCase,
        stored: StoredEvidence,
        step: Step,
        event: CaseEvent,
        actor: Actor,
    ) -> ReviewCase:
        after = apply(case, event)
        n = 1 + max((review.n for review in stored.evidence.reviews), default=0)
        notes = await self._notes(case, stored)
        of_review = await _note_of_review(connection, notes, case, event, step)
        sealed = Sealed(notes.seal(step.note, seq=event.seq), notes.seal_of_review(of_review, n=n))
        await write_step(connection, case, after, event, sealed=sealed, actor=actor, n=n)
        await _open_next(connection, case, event, second_look=step.second_look)
        await append_in_bulk(connection, told(after, event, n))
        return after


async def _note_of_review(
    connection: asyncpg.Connection, notes: Notes, case: ReviewCase, event: CaseEvent, step: Step
) -> str | None:
    """The note of the review that the event makes: an approved proposal keeps that of who proposed it."""
    if event.kind not in CONCLUDING:
        return None
    if event.kind is not Kind.APPROVED or case.proposal is None:
        return step.note
    seq = case.proposal.seq
    return notes.unseal(await connection.fetchval(_NOTE_OF, case.id, seq), seq=seq)


async def _open_next(
    connection: asyncpg.Connection, case: ReviewCase, event: CaseEvent, *, second_look: bool
) -> None:
    """Open the case that follows: a second look, or the one that settles two looks that differ."""
    if second_look:
        persons = {event.person_id, None if case.proposal is None else case.proposal.person_id} - {None}
        not_for = [each for each in persons if each is not None]
        await open_another(connection, case, Because.SECOND_LOOK, at=event.at, not_for=not_for)
    if event.detail.agrees is False:
        await open_another(connection, case, Because.LOOKS_DIFFER, at=event.at, priority=Priority.HIGH)


def _listed(row: Any) -> ListedCase:
    outcome = Outcome(row["outcome"])
    return ListedCase(case_of(row), row["biz_id"], row["biz_no"], outcome, tuple(row["codes"]))


_LOCK: Final = f"""
SELECT {COLUMNS} FROM verifications v JOIN review_cases c ON c.verification_id = v.id
WHERE c.id = $1 AND c.app_id = ANY(CAST($2 AS text[])) FOR NO KEY UPDATE OF v, c
"""  # noqa: S608 - constants alone

_SECOND_LOOKS: Final = f"""
SELECT verification_id FROM review_cases c
WHERE verification_id = ANY(CAST($1 AS uuid[])) AND {waits_for("$2")}
"""  # noqa: S608 - constants alone

_NOTE_OF: Final = "SELECT note_ct FROM review_events WHERE case_id = $1 AND seq = $2"

_COUNT: Final = """
SELECT count(*) FROM review_cases
WHERE id = ANY(CAST($1 AS uuid[])) AND app_id = ANY(CAST($2 AS text[])) AND state <> 'closed'
"""
