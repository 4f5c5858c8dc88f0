"""Group commit: callers await their items, and collected items go out in one call.

While one flush runs the next items collect, so groups grow with the load and a quiet system adds no delay.
With a `pace`, a small group also waits until that long after the last flush began: for items that arrive one
by one but often, where each would otherwise be flushed alone.
Used for the inbox (Redis) and for the store (bulk SQL).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Coalescer(Generic[Item, Result]):
    """Turns many `submit(item)` into few `flush(items)`.

    `flush` returns one result per item, in order; an exception among them fails only its item. If `flush`
    raises, a group of several is retried item by item, so that one bad item fails alone; errors of the types
    in `systemic` (the whole resource is away) fail every item at once without a retry, unless they are of
    the types in `alone`. A flush of fewer than `enough` items begins at least `pace` seconds after the one
    before it began; this needs a single lane.
    """

    def __init__(
        self,
        flush: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        max_items: int = 64,
        lanes: int = 1,
        systemic: tuple[type[Exception], ...] = (),
        alone: tuple[type[Exception], ...] = (),
        pace: float = 0.0,
        enough: int = 1,
    ) -> None:
        self._flush = flush
        self._max_items = max_items
        self._lanes = lanes
        self._systemic = systemic
        self._alone = alone
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._draining = 0
        self._pace = pace
        self._enough = enough
        self._next_at = 0.0
        self._pause: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """The number of items that no flush has taken yet."""
        return len(self._waiting)

    async def aclose(self) -> None:
        """Wait for the running flushes."""
        await asyncio.gather(*self._tasks)

    async def submit(self, item: Item) -> Result:
        """Submit an item and return its result from `flush`. Raises what `flush` raises."""
        return await self._put(item)

    async def submit_all(self, items: Iterable[Item]) -> list[Result | BaseException]:
        """Submit items and return each one's result or exception, in order."""
        return await asyncio.gather(*map(self._put, items), return_exceptions=True)

    def _put(self, item: Item) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if self._draining < self._lanes:
            # The task starts in the next loop iteration; items submitted in this one join the group.
            self._draining += 1
            task = loop.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._pause is not None and len(self._waiting) >= self._enough:
            _resume(self._pause)
        return future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                # Yield once so that callers woken in this loop iteration can join the group.
                await asyncio.sleep(0)
                if self._pace:
                    await self._keep_pace(asyncio.get_running_loop())
                group = [self._waiting.popleft() for _ in range(min(self._max_items, len(self._waiting)))]
                # Another lane may have taken all of them meanwhile.
                if group:
                    await self._settle(group)
        finally:
            # No await since the last check of `_waiting`: an item submitted later starts a new task.
            self._draining -= 1

    async def _keep_pace(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop.time() < self._next_at and len(self._waiting) < self._enough:
            self._pause = loop.create_future()
            timer = loop.call_at(self._next_at, _resume, self._pause)
            try:
                await self._pause
            finally:
                timer.cancel()
                self._pause = None
        self._next_at = loop.time() + self._pace

    async def _settle(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._flush([item for item, _ in group])
        except Exception as error:
            if len(group) == 1 or self._is_everybodys(error):
                for _, future in group:
                    _fail(future, error)
            else:
                for pair in group:
                    await self._settle([pair])
        else:
            for (_, future), result in zip(group, results, strict=True):
                _end(future, result)

    def _is_everybodys(self, error: Exception) -> bool:
        return isinstance(error, self._systemic) and not isinstance(error, self._alone)


def _resume(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)


def _end(future: asyncio.Future[Result], result: Result | Exception) -> None:
    if isinstance(result, Exception):
        _fail(future, result)
    elif not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Result], error: Exception) -> None:
    # A cancelled caller no longer waits, so its error would never be retrieved.
    if not future.done():
        future.set_exception(error)
