"""The schema: what the database has, what the code needs, and the way there."""

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.fitness import find_problems, find_refused_write
from adapters.postgres.lock_watch import Say
from adapters.postgres.migrating import Migration
from adapters.postgres.revisions import current_revision_of, newest_revision
from domain.errors import SettingsError

log = structlog.get_logger(__name__)


class Fitness(msgspec.Struct, frozen=True):
    """`problems`: what keeps the database from the work, beside a revision that is not the newest."""

    revision: str | None
    problems: list[str]


async def migrate(url: str, *, say: Say | None = None) -> str:
    """Bring the schema to the newest revision and return it. Safe to run from several processes at once.

    `say` gets a line when a lock of another session is waited for; by default it is logged.

    Raises:
        SettingsError: no migration can make the database fit: it is read-only, or not UTF8.
        DatabaseAway, OSError, TimeoutError: it cannot be reached, or locks were not to be had.
    """
    engine = create_engine(url, pool_size=2, statement_timeout=None)
    try:
        async with engine.connect() as connection:
            problems = await find_problems(connection)
        if problems:
            raise SettingsError(f"FACEID_DATABASE_URL: the database {problems[0]}")
        await Migration(engine, say=say or _log).run()
    finally:
        await engine.dispose()
    return newest_revision()


async def examine_database(engine: AsyncEngine) -> Fitness:
    """Look at the server and the schema, and prove that a write is taken; nothing is changed.

    Raises:
        DatabaseAway, OSError, TimeoutError: it cannot be asked.
    """
    async with engine.connect() as connection:
        problems = await find_problems(connection)
        revision = await connection.run_sync(current_revision_of)
        if not problems and revision == newest_revision():
            problems = await find_refused_write(connection)
    return Fitness(revision, problems)


def _log(line: str) -> None:
    log.warning("migration.waits", detail=line)
