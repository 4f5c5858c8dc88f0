"""Everything that PostgreSQL and Redis hold, as text, and what is found in it."""

import json

from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables.schema import metadata
from tests.support.payloads.callbacks import ID_NUMBER, NAME


async def dump_redis(redis: Redis) -> str:
    """Every key and value in Redis, as text."""
    lines = []
    for key in sorted(await redis.keys("*")):
        kind = (await redis.type(key)).decode()
        if kind == "string":
            value: object = await redis.get(key)
        elif kind == "zset":
            value = await redis.zrange(key, 0, -1, withscores=True)
        elif kind == "set":
            value = await redis.smembers(key)  # type: ignore[misc]
        else:
            value = await redis.hgetall(key)  # type: ignore[misc]
        lines.append(f"{key!r} {_latin(value)}")
    return "\n".join(lines)


async def dump_database(engine: AsyncEngine) -> str:
    """Every row of every table, as PostgreSQL prints it: bytea in hex."""
    lines = []
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = await connection.execute(text(f"SELECT CAST(t AS text) FROM {table.name} t"))
            lines += [f"{table.name} {row[0]}" for row in rows]
    return "\n".join(lines)


def traces(dumped: str, *words: str) -> list[str]:
    """Which of the words (by default name and ID number) are in a dump, in any encoding."""
    return [
        spelling
        for word in words or (NAME, ID_NUMBER)
        for plain in (word, json.dumps(word)[1:-1])
        for spelling in (plain, plain.encode().hex(), plain.encode().decode("latin-1"))
        if spelling in dumped
    ]


def _latin(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else repr(value)
