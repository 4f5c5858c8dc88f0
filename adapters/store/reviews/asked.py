"""Open the case that a person or a user's appeal asks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from adapters.keys.data_keys import DataKeys
from adapters.store.audit import rows as audit
from adapters.store.reviews.cases import COLUMNS, case_of
from adapters.store.reviews.notes import Notes
from adapters.store.reviews.steps import Sealed, write_step
from adapters.store.statements.openings import NewCase, open_cases
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.model import verification_id
from domain.people.actor import Actor
from domain.reviews.case import Because, ReviewCase
from domain.reviews.errors import NoSuchCase
from domain.reviews.history import CaseEvent, Detail, Kind, apply
from domain.views.reviews import Opened


async def open_asked(
    connection: asyncpg.Connection,
    keys: DataKeys,
    ids: tuple[str, Sequence[str]],
    because: Because,
    *,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> Opened:
    """Open a case, or note on the open one why it is asked for. `ids`: a biz_id and the apps to look in.

    Raises:
        NoSuchCase: these apps have no such decided verification.
    """
    biz_id, app_ids = ids
    wanted = [verification_id(app_id, biz_id) for app_id in app_ids]
    row = await connection.fetchrow(_LOCK, wanted)
    if row is None:
        raise NoSuchCase
    new = await open_cases(connection, [NewCase(row["id"], because, now)])
    case = case_of(await connection.fetchrow(_OF, row["id"]))
    await keys.load([row["wrapped_key"]])
    notes = Notes(keys, case, row["wrapped_key"])
    if new:
        await _sign(connection, case, notes.seal(note, seq=1), because, actor)
    else:
        await _note(connection, case, notes, because, note=note, actor=actor, now=now)
    return Opened(case.id, case.app_id, case.because, case.priority, bool(new))


async def _sign(
    connection: asyncpg.Connection, case: ReviewCase, note_ct: bytes | None, because: Because, actor: Actor
) -> None:
    """Put the actor and the note on the first event, which is of this transaction."""
    await connection.execute(_SIGN, case.id, str(actor), actor.person_id, note_ct)
    detail: dict[str, Any] = {"verification_id": str(case.verification_id)}
    opened = AuditRow(
        action=Action.CASE_OPENED,
        actor=str(actor),
        app_id=case.app_id,
        subject=str(case.id),
        reason=because.value,
        detail=detail,
        person_id=actor.person_id,
        address=actor.address,
    )
    await audit.append_in_bulk(connection, [opened])


async def _note(
    connection: asyncpg.Connection,
    case: ReviewCase,
    notes: Notes,
    because: Because,
    *,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    event = CaseEvent(
        case_id=case.id,
        seq=case.seq + 1,
        at=now,
        actor=str(actor),
        person_id=actor.person_id,
        kind=Kind.NOTED,
        detail=Detail(because=because.value),
        has_note=note is not None,
    )
    sealed = Sealed(notes.seal(note, seq=event.seq))
    await write_step(connection, case, apply(case, event), event, sealed=sealed, actor=actor, n=0)


_LOCK: Final = """
SELECT v.id, v.wrapped_key FROM verifications v
WHERE v.id = ANY(CAST($1 AS uuid[])) AND EXISTS (SELECT FROM decisions d WHERE d.verification_id = v.id)
ORDER BY v.id LIMIT 1 FOR NO KEY UPDATE
"""

_OF: Final = f"""
SELECT {COLUMNS} FROM review_cases c WHERE c.verification_id = $1 AND c.state <> 'closed' FOR NO KEY UPDATE
"""  # noqa: S608 - constants alone

_SIGN: Final = """
UPDATE review_events SET actor = $2, person_id = $3, note_ct = $4 WHERE case_id = $1 AND seq = 1
"""
