"""Databases of a test's own, beside the one that all tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine


@asynccontextmanager
async def fresh_database(engine: AsyncEngine, url: str, *, encoding: str = "UTF8") -> AsyncIterator[str]:
    """The URL of an empty database on the server of `url`, dropped behind the block."""
    name = f"fresh_{uuid4().hex}"
    admin = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        as_c = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        await connection.execute(text(f"CREATE DATABASE {name} ENCODING '{encoding}' {as_c}"))
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
