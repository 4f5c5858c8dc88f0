"""What changes of persons have in common: locks, and rows of the audit."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.audit.rows import append
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.actor import Actor
from domain.people.errors import LastAdmin, NoSuchPerson
from domain.people.person import PersonState
from domain.people.roles import Grant

_LOCKED: Final = text("SELECT name, state FROM persons WHERE id = :id FOR NO KEY UPDATE")
_ACTIVE: Final = text("SELECT name FROM persons WHERE id = :id AND state = 'active' FOR NO KEY UPDATE")
_ONE_BY_ONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('people/admins', 0))")
_ADMINS: Final = text("""
SELECT count(DISTINCT p.id) FROM persons p JOIN person_roles r ON r.person_id = p.id
WHERE p.state = 'active' AND r.role = 'admin' AND r.app_id IS NULL AND (r.until IS NULL OR r.until > now())
""")


async def locked_person(connection: AsyncConnection, person_id: UUID) -> tuple[str, PersonState]:
    """Name and state of a person whose row nobody else changes or signs in by. Raises NoSuchPerson."""
    row = (await connection.execute(_LOCKED, {"id": person_id})).first()
    if row is None:
        raise NoSuchPerson
    return row.name, PersonState(row.state)


async def active_name(connection: AsyncConnection, person_id: UUID) -> str | None:
    """The name of a person who stays active until the transaction ends; None if disabled or unknown.

    Transactions of one person take turns: with a shared lock, two that then write the row would wait for each
    other.
    """
    name: str | None = await connection.scalar(_ACTIVE, {"id": person_id})
    return name


async def one_by_one(connection: AsyncConnection) -> None:
    """Wait for every other change that may take an admin away."""
    await connection.execute(_ONE_BY_ONE)


async def check_admins(connection: AsyncConnection, before: int) -> None:
    """Raise LastAdmin if there were admins of every app, and none is left."""
    if before and not await count_admins(connection):
        raise LastAdmin


async def count_admins(connection: AsyncConnection) -> int:
    """Active persons who are admins of every app."""
    return await connection.scalar(_ADMINS) or 0


async def note(
    connection: AsyncConnection, action: Action, name: str | None, *, actor: Actor, **more: Any
) -> None:
    """Append a row about the person with this name."""
    await append(connection, [row_of(action, name, actor=actor, **more)])


async def note_grants(
    connection: AsyncConnection, action: Action, name: str, grants: Iterable[Grant], *, actor: Actor
) -> None:
    """Append a row for each grant, in its app."""
    rows = [
        row_of(action, name, actor=actor, app_id=grant.app_id, detail={"role": grant.role.value})
        for grant in grants
    ]
    await append(connection, rows)


def row_of(action: Action, name: str | None, *, actor: Actor, **more: Any) -> AuditRow:
    """A row about the person with this name."""
    return AuditRow(
        action=action,
        actor=str(actor),
        person_id=actor.person_id,
        address=actor.address,
        subject=name,
        **more,
    )
