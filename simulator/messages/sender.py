"""Outgoing messages: notify as the vendor's back end, return as the user's browser. No retries."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx2

from simulator.book import Sent, Verification
from simulator.messages.callbacks import Callback, with_biz_id

TIMEOUT_SECONDS: Final = 10.0
_FORM_TYPE: Final = {"content-type": "application/x-www-form-urlencoded"}


class Sender:
    """One shared HTTP client and the delayed messages; an async context manager.

    Every answer or error is recorded in the verification's `sent` and never raised.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            # No time-out while waiting for a free connection: the vendor would have more of them.
            timeout=httpx2.Timeout(TIMEOUT_SECONDS, pool=None),
        )
        self._later: set[asyncio.Task[object]] = set()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self._client.__aexit__(kind, error, trace)

    async def notify(self, verification: Verification, callback: Callback, *, copies: int = 1) -> None:
        """POST the same form `copies` times at once to notify_url, server to server."""
        url = verification.order.notify_url
        await asyncio.gather(*(self._post("notify", url, verification, callback) for _ in range(copies)))

    async def post_return(self, verification: Verification, callback: Callback) -> Sent:
        """POST the form to return_url as a browser would; a redirect is noted, not followed."""
        return await self._post("return", verification.order.return_url, verification, callback)

    async def get_return(self, verification: Verification) -> Sent:
        """GET return_url with the biz_id, as a browser would; a redirect is noted, not followed."""
        url = with_biz_id(verification.order.return_url, verification.biz_id)
        return await self._send("return", verification, "GET", url)

    def later(self, delay_seconds: float, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` after the delay, in the background; it is dropped at the end of the process."""

        async def wait_and_work() -> None:
            await asyncio.sleep(delay_seconds)
            await work

        task: asyncio.Task[object] = asyncio.create_task(wait_and_work())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        # A task that is cancelled during its delay has never awaited its work.
        task.add_done_callback(lambda _: work.close())

    async def _post(
        self, to: Literal["notify", "return"], url: str, verification: Verification, callback: Callback
    ) -> Sent:
        return await self._send(to, verification, "POST", url, form=callback.form)

    async def _send(
        self,
        to: Literal["notify", "return"],
        verification: Verification,
        method: str,
        url: str,
        *,
        form: bytes | None = None,
    ) -> Sent:
        headers = None if form is None else _FORM_TYPE
        try:
            response = await self._client.request(method, url, content=form, headers=headers)
            sent = Sent(to, response.status_code, location=response.headers.get("location"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            sent = Sent(to, error=type(error).__name__)
        verification.sent.append(sent)
        return sent
