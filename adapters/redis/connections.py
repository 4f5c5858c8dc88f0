"""Connections to Redis that redis-py's pipelines always return to the pool."""

from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as TimedOut


class Overdue(TimedOut, Disconnected):
    """Redis did not answer in time, and the connection cannot be used any more."""


def giving_back(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """This kind of connection, with time-outs that count as disconnections too.

    A pipeline that watches a key sends UNWATCH at its end, and returns its connection if that succeeds or
    the connection is lost. After a time-out it would keep the connection, until the pool is empty.
    """

    class GivenBack(kind):  # type: ignore[valid-type, misc]
        async def send_packed_command(self, *args: Any, **options: Any) -> None:
            try:
                await super().send_packed_command(*args, **options)
            except TimedOut as error:
                raise Overdue(*error.args) from error

        async def read_response(self, *args: Any, **options: Any) -> Any:
            try:
                return await super().read_response(*args, **options)
            except TimedOut as error:
                raise Overdue(*error.args) from error

    return GivenBack
