"""Whether a server and its database are usable for the gateway at all."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.engine import doubt
from adapters.postgres.sqlstate import LOCK_NOT_AVAILABLE, DatabaseAway
from adapters.postgres.troubles import database_trouble


async def find_problems(connection: AsyncConnection) -> list[str]:
    """Why the database is unusable, whatever its schema; each text continues "the database"."""
    server = (await connection.execute(_LOOK)).one()
    problems = []
    if server.read_only:
        # Another server may take writes by now, which these connections would never reach.
        doubt(connection.engine)
        problems.append(f"is read-only: {_CAUSES[server.in_recovery]}")
    if server.encoding != "UTF8":
        problems.append(f"has the encoding {server.encoding}, must be UTF8 (createdb -E UTF8 -T template0)")
    return problems


async def find_refused_write(connection: AsyncConnection) -> list[str]:
    """Try a write that changes nothing; a refusal comes before any row is searched."""
    try:
        await connection.execute(_WRITE)
    except DatabaseAway as error:
        if error.sqlstate is None:
            raise
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            # It blocks no reader and ends by itself.
            return []
        return [f"takes no write: {database_trouble(error)}"]
    return []


_CAUSES: Final = {True: "the server is a standby", False: "default_transaction_read_only is on"}

_LOOK: Final = text("""
SELECT pg_is_in_recovery() AS in_recovery, current_setting('transaction_read_only') = 'on' AS read_only,
       current_setting('server_encoding') AS encoding
""")

_WRITE: Final = text("""
UPDATE verifications SET state = state WHERE id = '00000000-0000-0000-0000-000000000000'
""")
