"""Answer again what is durable already, without writing it again.

Anybody who holds one genuine callback can send it thousands of times a second. Each one written would cost
the workers a look, and everybody else's decision would wait behind those.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from domain.callback.form import SignedForm
from domain.errors import NotDurable
from domain.model import AcceptedCallback, CallbackKind

REMEMBERED: Final = 32_768
"""Callbacks in one generation; two are kept, which is about 15 MB."""
SECONDS: Final = 60.0
"""Life of a generation. Short, so that a callback sent again minutes later is written again: by then a Redis
may have been put back, or a dead letter deleted."""


_ROUTES: Final = {kind: kind.encode() for kind in CallbackKind}


def mark_of(app_id: str, kind: CallbackKind, form: SignedForm) -> bytes:
    """What only the same callback has, once its sign is verified: the sign, which was computed anyway.

    A digest of ours would cost as much as the sign. Two strict JSON texts with one sign would be a collision
    of the hash behind a secret that nobody knows; what length extension makes of it is no JSON.
    """
    return form.sign + _ROUTES[kind] + app_id.encode()


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
        self._under_way: dict[bytes, list[asyncio.Future[None]] | None] = {}

    def __len__(self) -> int:
        """How many callbacks are remembered."""
        return len(self._young) + len(self._old)

    async def once(
        self, mark: bytes, callback: AcceptedCallback, keep: Callable[[AcceptedCallback], Awaitable[None]]
    ) -> None:
        """Return once the callback with this mark is durable: `keep` makes it so, if nothing else has.

        Raises:
            NotDurable: the callback could not be kept, or the same one that came just before.
        """
        self._age()
        if mark in self._young or mark in self._old:
            return
        if mark in self._under_way:
            await self._twin_of(mark)
            return
        self._under_way[mark] = None
        kept = False
        try:
            await keep(callback)
            kept = True
            self._young.add(mark)
        finally:
            for twin in self._under_way.pop(mark) or ():
                _end(twin, kept=kept)

    def _twin_of(self, mark: bytes) -> asyncio.Future[None]:
        twins = self._under_way[mark]
        if twins is None:
            twins = self._under_way[mark] = []
        twins.append(asyncio.get_running_loop().create_future())
        return twins[-1]

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
