"""Limits of sign-ins: a bucket of tries for each address and each name, shared by all processes.

The bucket of a name may be emptied by strangers, and that of an address by a neighbour behind the same proxy,
who then keep a person out. Therefore an address from which the person has signed in lately has a bucket for
this name, and only this one counts there. Links and the identity provider have buckets of addresses that
passwords do not empty; a link that is valid is never refused.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Double, LargeBinary

from domain.limits.throttle import Rate, caller_of
from domain.people.entry import Way
from domain.people.limits import BY_ADDRESS, BY_NAME, KNOWN_FOR

_KEYED: Final = bindparam("key", type_=LargeBinary)
_EVERY: Final = bindparam("every", type_=Double)
_TAKE: Final = text("""
INSERT INTO sign_in_tries AS t (key, full_at) VALUES (:key, now() + :every * interval '1 second')
ON CONFLICT (key) DO UPDATE
SET full_at = greatest(t.full_at, now()) + :every * interval '1 second'
WHERE t.full_at <= now() + :every * (:burst - 1) * interval '1 second'
""").bindparams(_KEYED, _EVERY, bindparam("burst", type_=Double))
_LACKS: Final = text("""
SELECT extract(epoch FROM full_at - now()) - :every * (:burst - 1) FROM sign_in_tries WHERE key = :key
""").bindparams(_KEYED, _EVERY, bindparam("burst", type_=Double))
_GIVE_BACK: Final = text(
    "UPDATE sign_in_tries SET full_at = full_at - :every * interval '1 second' WHERE key = :key"
).bindparams(_KEYED, _EVERY)
_IS_KNOWN: Final = text("SELECT known_until > now() FROM sign_in_tries WHERE key = :key").bindparams(_KEYED)
_KNOW: Final = text("""
INSERT INTO sign_in_tries (key, full_at, known_until)
VALUES (:key, now(), now() + :every * interval '1 second')
ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at, known_until = excluded.known_until
""").bindparams(_KEYED, _EVERY)


class _Bucket(NamedTuple):
    key: bytes
    every: float
    burst: float


class PgSignInLimits:
    """Counts tries to sign in."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        by_address: Rate = BY_ADDRESS,
        by_name: Rate = BY_NAME,
        known_for: timedelta = KNOWN_FOR,
    ) -> None:
        self._engine = engine
        self._by_address = by_address
        self._by_name = by_name
        self._known_for = known_for

    async def take(self, name: str, address: str | None) -> float:
        """Count a try and return 0, or return the seconds until the next one is allowed."""
        async with self._engine.connect() as connection:
            for bucket in await self._buckets(connection, name, address):
                if wait := await _take(connection, bucket):
                    return wait  # The connection rolls back: a refused try empties no bucket.
            await connection.commit()
        return 0.0

    async def succeeded(self, name: str, address: str | None) -> None:
        """The try was right: it is not counted, and this address is known for this name from now on."""
        async with self._engine.begin() as connection:
            for bucket in await self._buckets(connection, name, address):
                await connection.execute(_GIVE_BACK, {"key": bucket.key, "every": bucket.every})
            known = {"key": _pair(name, address), "every": self._known_for.total_seconds()}
            await connection.execute(_KNOW, known)

    async def take_at(self, way: Way, address: str | None) -> float:
        """As `take`, for a try in a way that begins without a name: by address alone."""
        async with self._engine.begin() as connection:
            return await _take(connection, self._bucket_at(way, address))

    async def succeeded_at(self, way: Way, address: str | None) -> None:
        """The try in this way was right: it is not counted."""
        bucket = self._bucket_at(way, address)
        async with self._engine.begin() as connection:
            await connection.execute(_GIVE_BACK, {"key": bucket.key, "every": bucket.every})

    def _bucket_at(self, way: Way, address: str | None) -> _Bucket:
        return _bucket(_key("address", way.value, _caller(address)), self._by_address)

    async def _buckets(
        self, connection: AsyncConnection, name: str, address: str | None
    ) -> Sequence[_Bucket]:
        """The address's bucket comes before the name's, so that no two tries wait for each other."""
        pair = _pair(name, address)
        if await connection.scalar(_IS_KNOWN, {"key": pair}):
            return [_bucket(pair, self._by_name)]
        return [
            _bucket(_key("address", _caller(address)), self._by_address),
            _bucket(_key("name", name), self._by_name),
        ]


async def _take(connection: AsyncConnection, bucket: _Bucket) -> float:
    values = bucket._asdict()
    if (await connection.execute(_TAKE, values)).rowcount:
        return 0.0
    return max(0.1, float(await connection.scalar(_LACKS, values) or 0))


def _bucket(key: bytes, rate: Rate) -> _Bucket:
    return _Bucket(key, 1 / rate.per_second, rate.burst)


def _pair(name: str, address: str | None) -> bytes:
    return _key("pair", name, _caller(address))


def _caller(address: str | None) -> str:
    return caller_of(address or "")


def _key(*parts: str) -> bytes:
    """A hash, since a name that was typed may be someone's password."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
