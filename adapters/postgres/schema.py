"""Check the schema of a database, and migrate it."""

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.fitness import find_problems, find_refused_write
from adapters.postgres.lock_watch import Say
from adapters.postgres.migrating import Migration
from adapters.postgres.revisions import current_revision_of, newest_revision
from domain.errors import SettingsError
from domain.views.operations.servers import DatabaseFitness

log = structlog.get_logger(__name__)


class PgDatabase:
    """The database behind an engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def examine(self) -> DatabaseFitness:
        """`examine_database`."""
        return await examine_database(self._engine)


async def migrate(url: str, *, say: Say | None = None) -> str:
    """Upgrade the schema to the newest revision and return it. Safe to run in several processes at once.

    `say` is called with a line when the migration waits for another session's lock; by default it is logged.

    Raises:
        SettingsError: the database is unusable in any revision: read-only, or not UTF8.
        DatabaseAway, OSError, TimeoutError: it cannot be reached, or locks were not available.
    """
    engine = create_engine(url, pool_size=4, statement_timeout=None)
    try:
        async with engine.connect() as connection:
            problems = await find_problems(connection)
        if problems:
            raise SettingsError(f"FACEID_DATABASE_URL: the database {problems[0]}")
        await Migration(engine, say=say or _log).run()
    finally:
        await engine.dispose()
    return newest_revision()


async def examine_database(engine: AsyncEngine) -> DatabaseFitness:
    """Check the server and the schema, and that a write is accepted; changes nothing.

    Raises:
        DatabaseAway, OSError, TimeoutError: it cannot be queried.
    """
    newest = newest_revision()
    async with engine.connect() as connection:
        problems = await find_problems(connection)
        revision = await connection.run_sync(current_revision_of)
        if not problems and revision == newest:
            problems = await find_refused_write(connection)
    return DatabaseFitness(revision, newest, problems)


def _log(line: str) -> None:
    log.warning("migration.waits", detail=line)
