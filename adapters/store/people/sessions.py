"""Sessions: checked at every request of the console, opened by links, passwords and the identity provider."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sealing.random_secrets import hash_of, new_secret
from adapters.store.people.changes import active_name, note
from adapters.store.people.found_persons import PERSON_COLUMNS, person_of
from adapters.store.statements.bulk import bulk_connection
from adapters.store.tables.people import persons, sessions, sign_in_links
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.credentials import Credentials
from domain.people.entry import Origin, Way
from domain.people.errors import LinkInvalid, SignInFailed
from domain.people.links import Purpose
from domain.people.session import IDLE, LONGEST, OpenSession, Session, csrf_of, end_of

session: Final = sessions.c
_ALIVE: Final = (
    f"s.seen_at > now() - interval '{IDLE.total_seconds()} seconds' "
    f"AND s.signed_in_at > now() - interval '{LONGEST.total_seconds()} seconds'"
)
_CHECK: Final = f"""
WITH used AS (
  UPDATE sessions s SET seen_at = now()
  WHERE s.cookie_hash = $1 AND s.seen_at < now() - interval '1 minute' AND {_ALIVE}
)
SELECT s.id AS session_id, s.signed_in_at, s.seen_at AS used_at, s.language, {PERSON_COLUMNS}
FROM sessions s JOIN persons p ON p.id = s.person_id
WHERE s.cookie_hash = $1 AND p.state = 'active' AND {_ALIVE}
"""  # noqa: S608 - constants alone
"""Writes once a minute, so a session may end a minute early."""

_OPEN: Final = f"""
SELECT s.id, s.way, s.address, s.signed_in_at, s.seen_at FROM sessions s
WHERE s.person_id = $1 AND {_ALIVE} ORDER BY s.signed_in_at DESC, s.id LIMIT 50
"""  # noqa: S608 - constants alone

_PERSON_OF_LINK: Final = text(
    "SELECT person_id FROM sign_in_links WHERE link_hash = :link AND purpose = :purpose AND ends_at > now()"
)

_PROVES: Final = text("""
SELECT password_hash IS NOT DISTINCT FROM CAST(:hash AS text) AND (code_ct IS NOT NULL) = :has_code
FROM persons WHERE id = :id
""")


class PgSessions:
    """Opens, checks and ends sessions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def check(self, cookie: str) -> Session | None:
        """The session with this cookie, which counts as used now; None if there is none or it has ended."""
        async with bulk_connection(self._engine) as connection:
            row = await connection.fetchrow(_CHECK, hash_of(cookie))
        return None if row is None else _session_of(row, cookie)

    async def open(
        self, person_id: UUID, way: Way, *, origin: Origin, proof: Credentials | None = None
    ) -> str:
        """Open a session and return its cookie; the session of `origin` ends. Raises SignInFailed if the
        person is not active, or has other credentials by now than `proof`, which the sign-in was checked
        against.
        """
        async with self._engine.begin() as connection:
            name = await active_name(connection, person_id)
            if name is None or not await _still_proves(connection, person_id, proof):
                raise SignInFailed
            return await _open(connection, person_id, name, way, origin)

    async def open_by_link(self, link: str, *, password_hash: str | None, origin: Origin) -> str:
        """Use a link, set the password that comes with an invitation, open a session and return its cookie.

        An invitation ends the person's other sessions. Of many at once, one succeeds. Raises LinkInvalid.
        """
        async with self._engine.begin() as connection:
            person_id, name = await _used(connection, link, invites=password_hash is not None)
            if password_hash is not None:
                await _set_password(connection, person_id, name, password_hash, origin)
            return await _open(connection, person_id, name, Way.LINK, origin)

    async def close(self, ended: Session, *, address: str | None) -> None:
        """End one session."""
        async with self._engine.begin() as connection:
            if (await connection.execute(delete(sessions).where(session.id == ended.id))).rowcount:
                await note(connection, Action.SIGNED_OUT, ended.person.name, actor=ended.actor(address))

    async def close_all(self, person_id: UUID, *, actor: Actor, but: UUID | None = None) -> int:
        """End a person's sessions, except `but`; returns how many."""
        others = [session.person_id == person_id, *([] if but is None else [session.id != but])]
        return await self._end(person_id, others, actor)

    async def open_ones(self, person_id: UUID) -> list[OpenSession]:
        """A person's sessions that have not ended, newest first, 50 at most."""
        async with bulk_connection(self._engine) as connection:
            rows = await connection.fetch(_OPEN, person_id)
        return [OpenSession(row[0], Way(row[1]), *row[2:]) for row in rows]

    async def close_one(self, person_id: UUID, session_id: UUID, *, actor: Actor) -> bool:
        """End one session of this person; False if there is none."""
        one = [session.person_id == person_id, session.id == session_id]
        return await self._end(person_id, one, actor) == 1

    async def set_language(self, session_id: UUID, language: str) -> None:
        """Remember the language that the person chose."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(sessions).where(session.id == session_id).values(language=language)
            )

    async def _end(self, person_id: UUID, which: Sequence[ColumnElement[bool]], actor: Actor) -> int:
        name = select(persons.c.name).where(persons.c.id == person_id)
        async with self._engine.begin() as connection:
            count = (await connection.execute(delete(sessions).where(*which))).rowcount
            if count:
                subject, detail = await connection.scalar(name), {"count": count}
                await note(connection, Action.SESSIONS_ENDED, subject, actor=actor, detail=detail)
        return count


def _session_of(row: Any, cookie: str) -> Session:
    person = person_of(row)
    return Session(
        id=row["session_id"],
        person=person,
        rights=person.rights,
        csrf=csrf_of(cookie),
        signed_in_at=row["signed_in_at"],
        seen_at=row["used_at"],
        ends_at=end_of(row["signed_in_at"], row["used_at"]),
        language=row["language"],
    )


async def _still_proves(connection: AsyncConnection, person_id: UUID, proof: Credentials | None) -> bool:
    """Whether the person, whose row is locked, has the password and the second factor of `proof` still: a
    sign-in that was checked before they changed must not get in behind the end of all sessions.
    """
    if proof is None:
        return True
    values = {"id": person_id, "hash": proof.password_hash, "has_code": proof.code_secret is not None}
    return bool(await connection.scalar(_PROVES, values))


async def _used(connection: AsyncConnection, link: str, *, invites: bool) -> tuple[UUID, str]:
    """Delete a link, and return id and name of its person, who is active. Raises LinkInvalid."""
    hashed, purpose = hash_of(link), Purpose.INVITE if invites else Purpose.SIGN_IN
    person_id = await connection.scalar(_PERSON_OF_LINK, {"link": hashed, "purpose": purpose})
    # The person first: disabling locks the person, and then deletes the links.
    name = None if person_id is None else await active_name(connection, person_id)
    using = delete(sign_in_links).where(sign_in_links.c.link_hash == hashed)
    if name is None or not (await connection.execute(using)).rowcount:
        raise LinkInvalid
    return person_id, name


async def _set_password(
    connection: AsyncConnection, person_id: UUID, name: str, password_hash: str, origin: Origin
) -> None:
    mine = persons.c.id == person_id
    await connection.execute(update(persons).where(mine).values(password_hash=password_hash))
    await connection.execute(delete(sessions).where(session.person_id == person_id))
    actor = Actor.person(person_id, name, address=origin.address)
    await note(connection, Action.PASSWORD_SET, name, actor=actor)


async def _open(connection: AsyncConnection, person_id: UUID, name: str, way: Way, origin: Origin) -> str:
    cookie = new_secret()
    if origin.cookie is not None:
        await connection.execute(delete(sessions).where(session.cookie_hash == hash_of(origin.cookie)))
    row = {
        "cookie_hash": hash_of(cookie),
        "id": uuid4(),
        "person_id": person_id,
        "way": way.value,
        "address": origin.address,
        "language": origin.language,
    }
    await connection.execute(insert(sessions).values(row))
    await connection.execute(text("UPDATE persons SET seen_at = now() WHERE id = :id"), {"id": person_id})
    actor = Actor.person(person_id, name, address=origin.address)
    await note(connection, Action.SIGNED_IN, name, actor=actor, detail={"by": way.value})
    return cookie
