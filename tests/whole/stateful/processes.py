"""Processes that stop before every call to a server, and go on or die there as the test says.

So two workers can be in the middle of the same thing, one can sleep past its lease, and one can end as by
kill -9, between any two calls.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, Final

_CURRENT: ContextVar["Process | None"] = ContextVar("process", default=None)
_QUIET: Final = 6
"""After this many turns of the loop without a change, every task waits."""


class Process:
    """A job or a sweep under way; `on_end` gets its result (None: it was killed)."""

    def __init__(self, work: Coroutine[Any, Any, Any], *, on_end: Callable[["Ending"], None]) -> None:
        self.news = 0
        self._on_end = on_end
        self._waiting: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_dead = False
        context = copy_context()
        context.run(_CURRENT.set, self)
        self._main = asyncio.get_running_loop().create_task(work, context=context)
        self._main.add_done_callback(self._ended)

    @property
    def is_over(self) -> bool:
        return self._main.done()

    @property
    def can_go_on(self) -> bool:
        """Whether one of its calls waits to be made; else it waits for another process, or is over."""
        return bool(self._waiting)

    async def go_on(self, turns: int, *, which: int = 0) -> None:
        """Make up to this many calls; of several at once, number `which` first."""
        await self.quiet()
        for _ in range(turns):
            if not self._waiting:
                return
            self._waiting.pop(which % len(self._waiting)).set_result(None)
            await self.quiet()

    async def quiet(self) -> None:
        """Return when it waits for something."""
        calm, before = 0, self.news
        while calm < _QUIET:
            await asyncio.sleep(0)
            calm, before = calm + 1 if self.news == before else 0, self.news

    def kill(self) -> None:
        """End it as kill -9 would: not one more call is made."""
        self._is_dead = True
        self._waiting.clear()
        for task in {*self._tasks, self._main}:
            task.cancel()

    async def turn(self) -> None:
        """Wait for the test to let the next call be made."""
        if self._is_dead:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self.news += 1
        await future

    def _ended(self, main: asyncio.Task[Any]) -> None:
        self.news += 1
        self._on_end(None if main.cancelled() else Ended(main.exception()))


class Ended:
    """A process came to its end by itself, with or without an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


Ending = Ended | None


async def turn() -> None:
    """The turn of the caller: a process waits for it, any other caller has it at once."""
    process = _CURRENT.get()
    await (asyncio.sleep(0) if process is None else process.turn())


def kill_current() -> None:
    """End the process that is running, here."""
    process = _CURRENT.get()
    if process is not None:
        process.kill()
        raise asyncio.CancelledError
