"""Each process as its own user of PostgreSQL and Valkey, by the files of deploy/."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg
from redis.asyncio import Redis

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
WITH_DATABASE: Final = ("api", "console", "worker")
PROCESSES: Final = ("ingress", *WITH_DATABASE)


def acl_lines() -> list[str]:
    """The users of deploy/valkey/users.acl, one in a line; each password is its process's name."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "valkey/users.acl").read_text(), flags=re.MULTILINE)
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    hashed = re.sub(r"#([A-Z]+)_PASSWORD", lambda found: f"#{_hash(found[1].lower())}", joined)
    return [line for line in hashed.splitlines() if line]


def _hash(password: str) -> str:
    return sha256(password.encode()).hexdigest()


async def make_users(redis_url: str, database_url: str) -> Mapping[str, Mapping[str, str]]:
    """`devstack.stack.Users`: make all users; the default one of Valkey keeps every right for the test."""
    await apply_roles(database_url)
    async with Redis.from_url(redis_url) as redis:
        for line in acl_lines():
            _, name, rules = line.split(" ", 2)
            if name != "default":
                await redis.execute_command("ACL", "SETUSER", name, "reset", *_words(rules))
        # Tests kill the server, and it starts again.
        await redis.execute_command("ACL", "SAVE")
    return {process: settings_of(process, redis_url, database_url) for process in PROCESSES}


def _words(rules: str) -> list[str]:
    """The rules; those in parentheses are one word."""
    return re.findall(r"\([^)]*\)|\S+", rules)


async def apply_roles(database_url: str) -> None:
    """Run deploy/roles.sql, as one transaction."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute((DEPLOY / "roles.sql").read_text())
    finally:
        await connection.close()


def settings_of(process: str, redis_url: str, database_url: str) -> dict[str, str]:
    """The settings of a process that is its own user; PostgreSQL has none for the ingress."""
    return {
        "FACEID_REDIS_URL": redis_as(process, redis_url),
        "FACEID_DATABASE_URL": database_as(process, database_url),
    }


def redis_as(process: str, url: str) -> str:
    """The URL of Valkey for a process."""
    return url.replace("redis://", f"redis://faceid_{process}:{process}@")


def database_as(process: str, url: str) -> str:
    """The URL of a PostgreSQL on a socket, which trusts every user, for a process."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"faceid_{process}@{host}").geturl()
