"""The policy texts of earlier decisions, with which policy files are compared at the start."""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.policies.folder import PolicyBook
from adapters.postgres.sqlstate import DatabaseAway
from domain.errors import PolicyFileError, kind_of_error
from domain.policy.explanation import PolicyText
from domain.views.decisions import PolicyVersion

log = structlog.get_logger(__name__)


class PgPolicyHistory:
    """The texts that have decided."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def versions(self, names: Sequence[str]) -> list[PolicyVersion]:
        """Every text that decided under these names, the newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_VERSIONS, {"names": list(names)})
            return [PolicyVersion(*row) for row in rows]

    async def text(self, name: str, content_hash: str) -> PolicyText | None:
        """One text; None if none of this name has this hash."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_TEXT, {"name": name, "hash": content_hash})).first()
        return None if row is None else PolicyText(*row)


async def verify_policies(engine: AsyncEngine, book: PolicyBook) -> None:
    """Compare every policy of the book with the texts of its name that have decided before.

    While PostgreSQL is away there is nothing to compare with: this is logged, and the policies stay in force.

    Raises:
        PolicyFileError: a file may be truncated, or its text changed without a new version.
    """
    try:
        history = await read_history(engine, (policy.name for policy in book.all()))
    except (DatabaseAway, DBAPIError) as error:
        log.warning("policy.unchecked", error=kind_of_error(error))
        return
    if problems := book.compare_with(history):
        raise PolicyFileError("\n".join(problem.detail for problem in problems))


async def read_history(engine: AsyncEngine, names: Iterable[str]) -> list[PolicyText]:
    """The texts that decided under these names, newest first."""
    async with engine.connect() as connection:
        rows = await connection.execute(_HISTORY, {"names": list(names)})
        return [PolicyText(row.name, row.version, row.content_hash, row.content) for row in rows]


_HISTORY: Final = text("""
SELECT name, version, content_hash, content FROM policies
WHERE name = ANY(CAST(:names AS text[])) AND content <> '' ORDER BY first_used_at DESC
""")

_VERSIONS: Final = text("""
SELECT name, version, content_hash, first_used_at FROM policies
WHERE name = ANY(CAST(:names AS text[])) AND content <> '' ORDER BY name, first_used_at DESC, version DESC
""")

_TEXT: Final = text("""
SELECT name, version, content_hash, content FROM policies
WHERE name = :name AND content_hash = :hash AND content <> '' LIMIT 1
""")
