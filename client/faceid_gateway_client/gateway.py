"""The gateway's api, blocking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from time import monotonic, sleep
from types import TracebackType
from typing import Any

from faceid_gateway_client import calls
from faceid_gateway_client._http import httpx
from faceid_gateway_client.calls import Attempts, Call
from faceid_gateway_client.following import QUIET, Follower
from faceid_gateway_client.models import Event, Order, Verification

TIMEOUT = 10.0


class Gateway:
    """Orders verifications, looks them up and follows their events. Safe to share between threads.

    `timeout`: seconds for each method in total, its repetitions included; a `wait` comes on top.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url, headers=headers, transport=transport)
        self._timeout = timeout

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def order(self, biz_no: str, *, app_id: str | None = None, **parameters: Any) -> Order:
        """Order a verification; `parameters` are those of `POST /v1/verifications`.

        It is sent once: if its answer is lost, a verification without a user remains, which expires.

        Raises:
            ApiError: the gateway's problem, such as `vendor_refused`.
            httpx.TransportError: the network's.
        """
        return calls.to_order(self._send(calls.order_call(biz_no, app_id, parameters)))

    def get(self, biz_id: str, *, app_id: str | None = None, wait: float = 0) -> Verification:
        """A verification; `wait` holds the answer until it is decided, for up to 30 seconds.

        Raises:
            NotFound: there is none.
            ApiError: another problem of the gateway.
            httpx.TransportError: the network's, after all repetitions.
        """
        return calls.to_verification(self._send(calls.get_call(biz_id, app_id, wait)))

    def events(
        self, after: int = 0, *, types: Iterable[str] = (), app_id: str | None = None, follow: bool = True
    ) -> Iterator[Event]:
        """The events behind `after`, oldest first; with `follow` for ever, through all interruptions.

        Store `event.seq` with what you did about it, and begin there again.

        Raises:
            CursorExpired: events behind `after` are deleted.
            ApiError: another problem that does not pass, such as `missing_scope`.
        """
        follower = Follower(after, tuple(types), app_id)
        return self._follow(follower) if follow else self._pages(follower)

    def _send(self, call: Call) -> httpx.Response:
        attempts = Attempts(call, seconds=self._timeout + call.holds, clock=monotonic)
        while True:
            try:
                answer = self._once(call, attempts.remaining)
                pause = attempts.pause_after_answer(answer)
                if pause is None:
                    return answer
            except httpx.TransportError as error:
                pause = attempts.pause_after_error(error)
                if pause is None:
                    raise
            sleep(pause)

    def _once(self, call: Call, seconds: float) -> httpx.Response:
        return self._client.request(
            call.method, call.path, params=dict(call.params), json=call.json, timeout=seconds
        )

    def _pages(self, follower: Follower) -> Iterator[Event]:
        while True:
            filters = calls.filters_of(follower.types, follower.app_id)
            events, cursor = calls.to_page(self._send(calls.events_call(follower.after, filters)))
            yield from follower.take(events, cursor)
            if not events:
                return

    def _follow(self, follower: Follower) -> Iterator[Event]:
        while True:
            # What breaks off is read on from the last event.
            with suppress(httpx.TransportError):
                yield from self._streamed(follower) if follower.streams else self._page(follower)
            if follower.streams:
                sleep(follower.pause())

    def _streamed(self, follower: Follower) -> Iterator[Event]:
        call, timeout = follower.stream_call(), httpx.Timeout(self._timeout, read=QUIET)
        with self._client.stream(call.method, call.path, params=dict(call.params), timeout=timeout) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.read()
            if follower.is_stream(answer):
                for line in answer.iter_lines():
                    yield from follower.take_line(line)

    def _page(self, follower: Follower) -> Iterator[Event]:
        answer = self._send(follower.page_call())
        if calls.may_pass(answer):
            sleep(follower.pause())
            return
        yield from follower.take(*calls.to_page(answer))
