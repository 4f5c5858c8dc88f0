"""Every usual URL of Redis is read, every other one is refused in one line that repeats nothing of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection

from adapters.configuration.urls.redis_url import read_redis_url
from adapters.redis.client import RedisAway, create_redis_pool, redis_away
from adapters.redis.troubles import redis_trouble
from domain.errors import SettingsError

PASSWORD = "S3CRETa"
HOST = {"host": "h", "port": 6379}


@pytest.mark.parametrize(
    ("url", "kind", "arguments"),
    [
        ("redis://h", Connection, {"host": "h", "port": 6379}),
        ("redis://h/", Connection, {"host": "h", "port": 6379}),
        ("REDIS://h:1/15", Connection, {"host": "h", "port": 1, "db": 15}),
        ("valkey://h:7000/2", Connection, {"host": "h", "port": 7000, "db": 2}),
        ("redis://[::1]:7000", Connection, {"host": "::1", "port": 7000}),
        ("redis://h?db=3&client_name=g", Connection, HOST | {"db": 3, "client_name": "g"}),
        ("redis://:p@h", Connection, {"host": "h", "port": 6379, "password": "p"}),
        ("redis://u:p@h", Connection, {"host": "h", "port": 6379, "username": "u", "password": "p"}),
        ("redis://u:a@b:c@h", Connection, {"host": "h", "port": 6379, "username": "u", "password": "a@b:c"}),
        ("redis://:%2F%23%3F%40%25@h", Connection, {"host": "h", "port": 6379, "password": "/#?@%"}),
        ("rediss://h", SSLConnection, {"host": "h", "port": 6379, "ssl_check_hostname": True}),
        (
            "valkeys://h?ssl_cert_reqs=none",
            SSLConnection,
            {"host": "h", "port": 6379, "ssl_cert_reqs": "none", "ssl_check_hostname": False},
        ),
        ("unix:///run/redis.sock", UnixDomainSocketConnection, {"path": "/run/redis.sock"}),
        ("unix://:p@/s?db=1", UnixDomainSocketConnection, {"path": "/s", "password": "p", "db": 1}),
    ],
)  # fmt: skip
def test_what_a_url_means(url: str, kind: type, arguments: dict[str, object]) -> None:
    server = read_redis_url(url)
    assert (server.connection_class, server.arguments) == (kind, arguments)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "must not be empty"),
        ("127.0.0.1:6379", "must begin with redis://"),
        (f"{PASSWORD}@127.0.0.1", "must begin with redis://"),
        (f"http://:{PASSWORD}@h/0", "must begin with redis://"),
        (f"redis+sentinel://:{PASSWORD}@h/0", "must begin with redis://"),
        (f"redis:/:{PASSWORD}@h/0", "must begin with redis://"),
        (f'"redis://:{PASSWORD}@h/0"', "begins with a quotation mark"),
        (f"redis://:{PASSWORD}@h/0\n", "ends in a line feed (U+000A)"),
        (f"\ufeffredis://:{PASSWORD}@h/0", "begins with zero width no-break space (U+FEFF)"),
        (f"redis://:{PASSWORD}\u200b@h/0", "holds zero width space (U+200B)"),
        ("redis://", "names no host"),
        ("redis:///0", "names no host"),
        ("redis://:6379/0", "names no host"),
        (f"redis://:{PASSWORD}@h:notaport/0", "no port from 1 to 65535"),
        (f"redis://:{PASSWORD}@h:0/0", "no port from 1 to 65535"),
        (f"redis://:{PASSWORD}@h:65536/0", "no port from 1 to 65535"),
        (f"redis://:{PASSWORD}@h:/0", "no port from 1 to 65535"),
        (f"redis://:{PASSWORD}@h:６３７９/0", "no port from 1 to 65535"),
        (f"redis://:{PASSWORD}@h1,h2/0", "several hosts"),
        (f"redis://:{PASSWORD}@h/abc", "the database must be a number"),
        (f"redis://:{PASSWORD}@h/-1", "the database must be a number"),
        (f"redis://:{PASSWORD}@h/1/2", "the database must be a number"),
        (f"redis://:{PASSWORD}@h/0/", "the database must be a number"),
        (f"redis://:{PASSWORD}@h/0?db=1", "by its path and by db"),
        (f"redis://{PASSWORD}@h", "a password alone is written :PASSWORD@"),
        (f"redis://:{PASSWORD}/S3CRETb@h:1/0", "%2F"),
        (f"redis://:{PASSWORD}#S3CRETb@h:1/0", "%23"),
        (f"redis://:{PASSWORD}?S3CRETb@h:1/0", "%3F"),
        (f"redis://:{PASSWORD}@x/S3CRETb@h:1/0", "%2F"),
        (f"redis://:{PASSWORD}%FF@h:1/0", "not UTF-8"),
        (f"redis://:{PASSWORD}@h/0?socket_timeout=S3CRETb", "socket_timeout is set by the gateway"),
        (f"redis://:{PASSWORD}@h/0?decode_responses=true", "decode_responses is set by the gateway"),
        (f"redis://:{PASSWORD}@h/0?clientname=S3CRETb", "did you mean client_name?"),
        (f"redis://:{PASSWORD}@h/0?S3CRETb", "not NAME=VALUE"),
        (f"redis://:{PASSWORD}@h?db=S3CRETb", "the database must be a number"),
        (f"redis://:{PASSWORD}@h/0?db=1&db=2", "db occurs twice"),
        (f"redis://:{PASSWORD}@h/0?ssl_ca_certs=/S3CRETb", "ssl_ca_certs needs rediss://"),
        (f"rediss://:{PASSWORD}@h/0?ssl_ca_certs=/S3CRETb", "ssl_ca_certs names a file that cannot be read"),
        (f"rediss://:{PASSWORD}@h/0?ssl_cert_reqs=S3CRETb", "ssl_cert_reqs is not one of"),
        (f"rediss://:{PASSWORD}@h/0?ssl_cert_reqs=none&ssl_check_hostname=true", "ssl_cert_reqs=required"),
        (f"unix://{PASSWORD}/s", "unix:///PATH"),
        ("unix:///", "unix:///PATH"),
    ],
)
def test_a_mistake_is_one_line_without_any_part_of_the_url(url: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        create_redis_pool(url, timeout=timedelta(seconds=1))
    message = str(caught.value)
    assert message.startswith("FACEID_REDIS_URL: ")
    assert why in message
    assert "S3CRET" not in message
    assert "\n" not in message
    assert caught.value.__suppress_context__


def test_nothing_that_is_printed_holds_the_password() -> None:
    assert PASSWORD not in repr(read_redis_url(f"redis://u:{PASSWORD}@h"))


async def test_a_socket_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    pool = create_redis_pool(f"unix://{tmp_path}/none", timeout=timedelta(seconds=1))
    with pytest.raises(RedisAway) as caught, redis_away():
        await Redis(connection_pool=pool).ping()
    assert redis_trouble(caught.value).startswith("cannot be reached (")


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        ("nobody:S3CRETa@", "refuses the user or the password"),
        (":S3CRETa@", "refuses the user or the password"),
    ],
)
async def test_a_wrong_password_is_not_reported_as_an_outage(
    redis: Redis, redis_url: str, credentials: str, why: str
) -> None:
    await redis.config_set("requirepass", "right")
    try:
        pool = create_redis_pool(redis_url.replace("://", f"://{credentials}"), timeout=timedelta(seconds=2))
        with pytest.raises(RedisAway) as caught, redis_away():
            await Redis(connection_pool=pool).ping()
        await pool.disconnect()
    finally:
        await redis.config_set("requirepass", "")
    assert why in redis_trouble(caught.value)
    assert "S3CRET" not in redis_trouble(caught.value)


async def test_a_missing_password_is_reported(redis: Redis, redis_url: str) -> None:
    await redis.config_set("requirepass", "right")
    try:
        pool = create_redis_pool(redis_url, timeout=timedelta(seconds=2))
        with pytest.raises(RedisAway) as caught, redis_away():
            await Redis(connection_pool=pool).ping()
        await pool.disconnect()
    finally:
        await redis.config_set("requirepass", "")
    assert "requires a password" in redis_trouble(caught.value)


async def test_a_missing_database_is_reported(redis: Redis, redis_url: str) -> None:
    pool = create_redis_pool(f"{redis_url.rsplit('/', 1)[0]}/9999", timeout=timedelta(seconds=2))
    with pytest.raises(RedisAway) as caught, redis_away():
        await Redis(connection_pool=pool).ping()
    await pool.disconnect()
    assert "no database with that number" in redis_trouble(caught.value)
