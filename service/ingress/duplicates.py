"""Answer again what is durable already, without writing it again.

Anybody who holds one genuine callback can send it thousands of times a second. Each one written would cost
the workers a look, and everybody else's decision would wait behind those.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from domain.errors import NotDurable
from domain.form import SignedForm
from domain.model import CallbackKind

REMEMBERED: Final = 32_768
"""Callbacks in one generation; two are kept, which is about 15 MB."""
SECONDS: Final = 60.0
"""Life of a generation. Short, so that a callback sent again minutes later is written again: by then a Redis
may have been put back, or a dead letter deleted."""


def mark_of(app_id: str, kind: CallbackKind, form: SignedForm) -> bytes:
    """What only the same callback has, once its sign is verified.

    The sign is a hash of secret and data that was computed anyway; a digest of ours would cost as much again.
    Python's keyed hash of the data is beside it, so that a weakness of SHA-1 alone confuses no two callbacks.
    """
    return b"%b %b %b %d" % (form.sign, app_id.encode(), kind.encode(), hash(form.data))


class Duplicates:
    """The callbacks of the last one or two minutes that are durable, and those that are being made so."""

    def __init__(
        self,
        *,
        remembered: int = REMEMBERED,
        seconds: float = SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remembered = remembered
        self._seconds = seconds
        self._monotonic = monotonic
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._aged_at = monotonic()
        self._under_way: dict[bytes, list[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """How many callbacks are remembered."""
        return len(self._young) + len(self._old)

    async def once(self, mark: bytes, keep: Callable[[], Awaitable[None]]) -> None:
        """Return once the callback with this mark is durable: `keep` makes it so, if nothing else has.

        Raises:
            NotDurable: the callback could not be kept, or the same one that came just before.
        """
        self._age()
        if mark in self._young or mark in self._old:
            return
        twins = self._under_way.get(mark)
        if twins is None:
            await self._keep(mark, keep)
        else:
            twins.append(asyncio.get_running_loop().create_future())
            await twins[-1]

    async def _keep(self, mark: bytes, keep: Callable[[], Awaitable[None]]) -> None:
        twins = self._under_way[mark] = []
        kept = False
        try:
            await keep()
            kept = True
            self._young.add(mark)
        finally:
            del self._under_way[mark]
            for twin in twins:
                _end(twin, kept=kept)

    def _age(self) -> None:
        now = self._monotonic()
        if len(self._young) < self._remembered and now - self._aged_at < self._seconds:
            return
        stale = now - self._aged_at >= 2 * self._seconds
        self._old, self._young, self._aged_at = set() if stale else self._young, set(), now


def _end(twin: asyncio.Future[None], *, kept: bool) -> None:
    if twin.done():
        return  # its client has gone
    if kept:
        twin.set_result(None)
    else:
        twin.set_exception(NotDurable("the same callback could not be kept a moment ago"))
