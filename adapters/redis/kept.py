"""A connection to Redis that stays open between transactions which follow each other closely.

A pool checks a connection whenever it lends one, and redis-py sets a timer for each reply. Both together take
longer than a small transaction.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError

from adapters.redis.client import raises_redis_away

Command = tuple[str | bytes | int, ...]

_ONCE_MORE: Final = Retry(NoBackoff(), 1, supported_errors=(Disconnected,))


class KeptConnection:
    """One connection outside of the pool, to the same server. It has no time-outs: the caller sets one."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._connection = pool.make_connection()  # type: ignore[no-untyped-call]
        self._connection.socket_timeout = None
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close it; the next transaction opens it again."""
        await self._connection.disconnect(nowait=True)

    @raises_redis_away
    async def transact(self, commands: Sequence[Command]) -> None:
        """Execute the commands in one transaction; once more on a new connection if the old one is lost.

        They must be harmless when executed twice. A cancelled transaction closes the connection.

        Raises:
            RedisAway: Redis is away or refuses; the commands may have been executed nevertheless.
        """
        whole = [("MULTI",), *commands, ("EXEC",)]
        async with self._turn:
            await _ONCE_MORE.call_with_retry(lambda: self._exchange(whole), lambda _: self.close())

    async def _exchange(self, commands: Sequence[Command]) -> None:
        connection = self._connection
        await connection.send_packed_command(connection.pack_commands(commands))
        # Every reply is read, or the next transaction would read it.
        replies = [await self._reply() for _ in commands]
        for reply in (*replies[:-1], *_replies_of(replies[-1])):
            if isinstance(reply, Exception):
                raise reply

    async def _reply(self) -> Any:
        try:
            return await self._connection.read_response()
        except ResponseError as error:
            return error


def _replies_of(executed: Any) -> Sequence[Any]:
    return executed if isinstance(executed, list) else [executed]
