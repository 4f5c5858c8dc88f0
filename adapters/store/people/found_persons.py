"""Persons as rows: the columns to select, and what they mean."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people.errors import NoSuchPerson
from domain.people.person import Person, PersonState
from domain.people.roles import Grant, Role

BEARER_COLUMNS: Final = """
p.id, p.name, p.state, p.created_at, p.seen_at,
ARRAY(
  SELECT DISTINCT r.role || '@' || coalesce(r.app_id, '') FROM person_roles r
  WHERE r.person_id = p.id AND (r.until IS NULL OR r.until > now())
  ORDER BY 1
) AS grants
"""
"""Of `persons p`, without the ways to sign in: the api may not read them (deploy/roles.sql)."""

PERSON_COLUMNS: Final = f"""
p.password_hash IS NOT NULL AS has_password, p.code_ct IS NOT NULL AS has_code,
p.issuer IS NOT NULL AS has_oidc, {BEARER_COLUMNS}
"""
"""Of `persons p`."""

BY_ID: Final = text(f"SELECT {PERSON_COLUMNS} FROM persons p WHERE p.id = :value")  # noqa: S608 - constant
_WAYS: Final = {"has_password": "password", "has_code": "code", "has_oidc": "oidc"}


async def read_person(connection: AsyncConnection, person_id: UUID) -> Person:
    """The person as this transaction sees it. Raises NoSuchPerson."""
    person = await one_person(connection, BY_ID, person_id)
    if person is None:
        raise NoSuchPerson
    return person


async def one_person(connection: AsyncConnection, statement: TextClause, value: Any) -> Person | None:
    """The person that a statement with the one parameter `value` finds."""
    row = (await connection.execute(statement, {"value": value})).mappings().first()
    return None if row is None else person_of(row)


def person_of(row: Any) -> Person:
    """The person in a row of `PERSON_COLUMNS`, or of `BEARER_COLUMNS`, who then has no way to sign in."""
    return Person(
        id=row["id"],
        name=row["name"],
        state=PersonState(row["state"]),
        grants=grants_of(row["grants"]),
        signs_in_by=tuple(way for column, way in _WAYS.items() if row.get(column)),
        created_at=row["created_at"],
        seen_at=row["seen_at"],
    )


def grants_of(texts: Sequence[str]) -> tuple[Grant, ...]:
    """The grants in `role@app` texts. A role of a newer version grants nothing here."""
    parts = [text.partition("@") for text in texts]
    return tuple(Grant(Role(role), app_id or None) for role, _, app_id in parts if role in _KNOWN)


_KNOWN: Final = frozenset(Role)
