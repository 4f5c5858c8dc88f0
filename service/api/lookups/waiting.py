"""Hold a lookup until its verification is decided, and read PostgreSQL only when it may have changed."""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

from fastapi import Request
from starlette.requests import ClientDisconnect

from domain.model import State
from service.api.context import ApiContext

_ENDED: Final = {State.DECIDED, State.EXPIRED}


async def wait_until_ended(
    context: ApiContext, request: Request, *, ids: tuple[UUID, ...], seconds: float
) -> None:
    """Return when one of these is decided, when this process shuts down, or after `seconds`.

    If an announcement is lost, this returns at the end of the time, or when Redis is back.

    Raises:
        ClientDisconnect: the client no longer waits.
    """
    deadline = context.monotonic() + seconds
    with context.announcements.expect(ids) as news:
        gone = asyncio.create_task(_hang_up(request, news))
        try:
            while (remaining := deadline - context.monotonic()) > 0 and not context.lifecycle.leaving:
                news.clear()
                if await _ends_the_wait(context, ids):
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), remaining)
                if gone.done():
                    raise ClientDisconnect
        finally:
            gone.cancel()


async def _ends_the_wait(context: ApiContext, ids: tuple[UUID, ...]) -> bool:
    found = await context.lookups.states(ids)
    # With several, the caller has to name an app first.
    return len(found) > 1 or not _ENDED.isdisjoint(found)


async def _hang_up(request: Request, news: asyncio.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    news.set()
