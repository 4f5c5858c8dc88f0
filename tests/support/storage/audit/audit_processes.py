"""A writer of the audit and a closer of its blocks, each as a process that may be killed at any moment.

python -m tests.support.storage.audit.audit_processes write URL NAME ROWS
python -m tests.support.storage.audit.audit_processes close URL
"""

import asyncio
import random
import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.audit.rows import append
from tests.support.storage.audit.audits import audit_row

_IDLE = 0.05


async def write(engine: AsyncEngine, name: str, rows: int) -> None:
    """Append rows until there are `rows` of this name, in transactions of 1 to 60, some of which end late."""
    count = text("SELECT count(*) FROM audit WHERE actor = :name")
    async with engine.connect() as connection:
        done = int(await connection.scalar(count, {"name": name}) or 0)
    while done < rows:
        size = random.randint(1, min(60, rows - done))
        async with engine.begin() as connection:
            await append(connection, [audit_row(done + n, actor=name) for n in range(size)])
            if random.random() < 0.02:
                await connection.execute(text("SELECT pg_sleep(0.2)"))
        done += size


async def close(engine: AsyncEngine) -> None:
    """Close blocks until it is killed."""
    blocks = PgAuditBlocks(engine)
    while True:
        if await blocks.close(limit=1000, checkpoint=False) is None:
            await asyncio.sleep(_IDLE)


async def run(what: str, url: str, *rest: str) -> None:
    engine = create_engine(url, pool_size=1)
    if what == "write":
        name, rows = rest
        await write(engine, name, int(rows))
    else:
        await close(engine)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
