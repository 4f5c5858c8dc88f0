"""The policy texts of earlier decisions, with which policy files are compared at the start."""

from collections.abc import Iterable
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.policies.folder import PolicyBook
from adapters.postgres.sqlstate import DatabaseAway
from domain.errors import PolicyFileError, kind_of_error
from domain.policy.explanation import PolicyText

log = structlog.get_logger(__name__)


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
