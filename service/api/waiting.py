"""Hold a lookup until its verification is settled: no look at PostgreSQL but when there may be news."""

import asyncio
from collections.abc import Sequence
from typing import Final

from fastapi import Request

from domain.model import State, verification_id
from service.api.auth import Caller
from service.api.context import ApiContext

_SETTLED: Final = {State.DECIDED, State.EXPIRED}


async def wait_until_settled(
    context: ApiContext,
    caller: Caller,
    request: Request,
    *,
    app_ids: Sequence[str],
    biz_id: str,
    seconds: float,
) -> None:
    """Return when it is settled, when the client has gone, or after `seconds`.

    An announcement that got lost is made up for at the end of the seconds, or when Redis is back.
    """
    deadline = context.monotonic() + seconds
    gone = asyncio.create_task(_hang_up(request))
    try:
        with context.announcements.expect(verification_id(app_id, biz_id) for app_id in app_ids) as announced:
            while (remaining := deadline - context.monotonic()) > 0 and not gone.done():
                if await _ends_the_wait(context, app_ids, biz_id):
                    return
                async with caller.turn.rest():
                    await _wait(announced, gone, seconds=remaining)
                announced.clear()
    finally:
        gone.cancel()


async def _ends_the_wait(context: ApiContext, app_ids: Sequence[str], biz_id: str) -> bool:
    found = await context.lookups.find(app_ids, biz_id)
    # Of several, the caller has to name one first.
    return len(found) > 1 or any(record.state in _SETTLED for record in found)


async def _wait(announced: asyncio.Event, gone: "asyncio.Task[None]", *, seconds: float) -> None:
    news = asyncio.create_task(announced.wait())
    await asyncio.wait({news, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    news.cancel()


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
