"""Acknowledge callbacks that are durable already, without writing them again.

Anyone who has one genuine callback can send it thousands of times a second. Each write would cost the workers
time, and delay all other decisions.
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
"""Life of a generation. Short, so that a callback sent again minutes later is written again: by then Redis
may have been restored, or a dead letter deleted."""


_ROUTES: Final = {kind: kind.encode() for kind in CallbackKind}


def mark_of(app_id: str, kind: CallbackKind, form: SignedForm) -> bytes:
    """An identifier of a callback, after its signature is verified: the signature itself.

    Another digest would cost as much. Two strict JSON texts with one signature would be a collision of the
    hash with an unknown secret; a length extension of a callback is not JSON.
    """
    return form.sign + _ROUTES[kind] + app_id.encode()


class Duplicates:
    """The durable callbacks of the last one or two minutes, and those being written."""

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
        """The number of remembered callbacks."""
        return len(self._young) + len(self._old)

    async def once(
        self, mark: bytes, callback: AcceptedCallback, keep: Callable[[AcceptedCallback], Awaitable[None]]
    ) -> None:
        """Return once the callback with this mark is durable, by `keep` unless it is durable already.

        Raises:
            NotDurable: this callback, or the same one just before, could not be stored.
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
