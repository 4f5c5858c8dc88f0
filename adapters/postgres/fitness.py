"""Whether the server and the database that a URL leads to can do the gateway's work at all."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.engine import doubt
from adapters.postgres.sqlstate import LOCK_NOT_AVAILABLE, DatabaseAway
from adapters.processes.troubles import database_trouble


async def find_problems(connection: AsyncConnection) -> list[str]:
    """What keeps the database from the work, whatever its schema; each reads on from "the database"."""
    found = (await connection.execute(_LOOK)).one()
    problems = []
    if found.read_only:
        # Another server may take writes by now, and these connections would never lead to it.
        doubt(connection.engine)
        problems.append(f"is read-only: {_CAUSES[found.in_recovery]}")
    if found.encoding != "UTF8":
        problems.append(f"has the encoding {found.encoding}, must be UTF8 (createdb -E UTF8 -T template0)")
    return problems


async def find_refused_write(connection: AsyncConnection) -> list[str]:
    """Try a write that changes nothing: it is refused for its kind before any row is looked for."""
    try:
        await connection.execute(_WRITE)
    except DatabaseAway as error:
        if error.sqlstate is None:
            raise
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            # Nothing that is read waits for it, and it ends by itself.
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
