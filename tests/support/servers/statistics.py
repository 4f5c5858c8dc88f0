"""What PostgreSQL counted of the rows that were read in a database."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from devstack.waiting import until


async def left_alone(engine: AsyncEngine, url: str) -> None:
    """Wait until the database's sessions have ended, and so have reported what they read."""
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]

    async def is_alone() -> bool:
        async with engine.connect() as connection:
            sessions = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
            return not (await connection.execute(sessions, {"name": name})).scalar_one()

    await until(is_alone)


async def read_in(engine: AsyncEngine, url: str) -> Mapping[str, int]:
    """By table: the rows that scans read and the entries that indexes returned, since it was made."""
    await left_alone(engine, url)
    looking = create_engine(url)
    async with looking.connect() as connection:
        found = {row.name: int(row.read) for row in await connection.execute(_READ)}
    await looking.dispose()
    return found


_READ = text("""
SELECT t.relname AS name, t.seq_tup_read + COALESCE(sum(i.idx_tup_read), 0) AS read
FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) GROUP BY t.relname, t.seq_tup_read
""")
