"""The gateway's api for asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any

from anyio import sleep

from faceid_gateway_client import calls
from faceid_gateway_client._http import httpx
from faceid_gateway_client.calls import Attempts, Call
from faceid_gateway_client.following import QUIET, Follower
from faceid_gateway_client.gateway import TIMEOUT
from faceid_gateway_client.models import Event, Order, Verification


class AsyncGateway:
    """As `Gateway`, without blocking; its methods raise the same errors."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, transport=transport)
        self._timeout = timeout

    async def __aenter__(self) -> AsyncGateway:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def order(self, biz_no: str, *, app_id: str | None = None, **parameters: Any) -> Order:
        """Order a verification; `parameters` are those of `POST /v1/verifications`. It is sent once."""
        return calls.to_order(await self._send(calls.order_call(biz_no, app_id, parameters)))

    async def get(self, biz_id: str, *, app_id: str | None = None, wait: float = 0) -> Verification:
        """A verification; `wait` holds the answer until it is decided, for up to 30 seconds."""
        return calls.to_verification(await self._send(calls.get_call(biz_id, app_id, wait)))

    def events(
        self, after: int = 0, *, types: Iterable[str] = (), app_id: str | None = None, follow: bool = True
    ) -> AsyncIterator[Event]:
        """The events behind `after`, oldest first; with `follow` for ever, through all interruptions."""
        follower = Follower(after, tuple(types), app_id)
        return self._follow(follower) if follow else self._pages(follower)

    async def _send(self, call: Call) -> httpx.Response:
        attempts = Attempts(call, seconds=self._timeout + call.holds, clock=monotonic)
        while True:
            try:
                answer = await self._once(call, attempts.remaining)
                pause = attempts.pause_after_answer(answer)
                if pause is None:
                    return answer
            except httpx.TransportError as error:
                pause = attempts.pause_after_error(error)
                if pause is None:
                    raise
            await sleep(pause)

    async def _once(self, call: Call, seconds: float) -> httpx.Response:
        return await self._client.request(
            call.method, call.path, params=dict(call.params), json=call.json, timeout=seconds
        )

    async def _pages(self, follower: Follower) -> AsyncIterator[Event]:
        while True:
            filters = calls.filters_of(follower.types, follower.app_id)
            events, cursor = calls.to_page(await self._send(calls.events_call(follower.after, filters)))
            for event in follower.take(events, cursor):
                yield event
            if not events:
                return

    async def _follow(self, follower: Follower) -> AsyncIterator[Event]:
        while True:
            source = self._streamed(follower) if follower.streams else self._page(follower)
            # What breaks off is read on from the last event.
            with suppress(httpx.TransportError):
                async for event in source:
                    yield event
            if follower.streams:
                await sleep(follower.pause())

    async def _streamed(self, follower: Follower) -> AsyncIterator[Event]:
        call, timeout = follower.stream_call(), httpx.Timeout(self._timeout, read=QUIET)
        params = dict(call.params)
        async with self._client.stream(call.method, call.path, params=params, timeout=timeout) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                await answer.aread()
            if follower.is_stream(answer):
                async for line in answer.aiter_lines():
                    for event in follower.take_line(line):
                        yield event

    async def _page(self, follower: Follower) -> AsyncIterator[Event]:
        answer = await self._send(follower.page_call())
        if calls.may_pass(answer):
            await sleep(follower.pause())
            return
        for event in follower.take(*calls.to_page(answer)):
            yield event
