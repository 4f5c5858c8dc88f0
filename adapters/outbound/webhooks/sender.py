"""Send one webhook: no redirects, no cookies, no proxy from the environment, bounded time and size."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from adapters.outbound.webhooks.connector import guarded_connector, is_refused_literal, open_connector
from adapters.outbound.webhooks.failures import not_sent
from adapters.outbound.webhooks.tls import tls_context
from domain.events.webhooks.addresses import NOTHING, Allowed
from domain.events.webhooks.way import Answer, Fault, NotSent, Way

TIMEOUT: Final = timedelta(seconds=15)
MAX_ANSWER: Final = 64 * 1024
KEPT_OF_ANSWER: Final = 2 * 1024
_TRIES: Final = 3
_STALE: Final = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)


class WebhookSender:
    """Sends webhooks; an async context manager that closes its connections.

    `allowed`: the private targets that may be reached. `proxy`: the URL of an egress proxy, which then
    resolves the names and has to refuse private addresses itself; addresses in URLs are checked here.
    """

    def __init__(
        self,
        *,
        allowed: Allowed = NOTHING,
        proxy: str | None = None,
        resolver: AbstractResolver | None = None,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._allowed = allowed
        self._proxy = proxy
        self._resolver = resolver
        self._timeout = timeout.total_seconds()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._open = await self._stack.enter_async_context(_session(open_connector(self._resolver)))
        guarded = guarded_connector(self._allowed, self._resolver)
        self._guarded = await self._stack.enter_async_context(_session(guarded))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def post(self, way: Way, body: bytes, headers: Mapping[str, str]) -> Answer | NotSent:
        """Send once. A kept-alive connection that the receiver has closed is replaced."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(way, body, headers)
        except Exception as error:
            return not_sent(error)

    async def _post(self, way: Way, body: bytes, headers: Mapping[str, str]) -> Answer | NotSent:
        # The URL exactly as configured; a non-ASCII host name is encoded.
        url = URL(way.url, encoded=way.url.isascii())
        if self._proxy is not None and self._is_refused_literal(way, url):
            return NotSent(Fault.RECEIVER, "refused_address")
        merged = CIMultiDict(way.headers)
        merged.update(headers)
        options = {
            "data": body,
            "headers": merged,
            "ssl": tls_context(way.ca, way.client_certificate) if url.scheme == "https" else True,
            "proxy": self._proxy,
        }
        session = self._session_for(way)
        for _ in range(_TRIES - 1):
            connection = SimpleNamespace(was_reused=False)
            try:
                return await _exchange(session, url, options, connection)
            except _STALE:
                if not connection.was_reused:
                    raise
        return await _exchange(session, url, options, SimpleNamespace())

    def _session_for(self, way: Way) -> aiohttp.ClientSession:
        # A proxy is the operator's, and may well be private.
        return self._open if self._proxy is not None or self._allowed.has_name(way.url) else self._guarded

    def _is_refused_literal(self, way: Way, url: URL) -> bool:
        # `host` would decode a punycode name, and raise an error for one that is none.
        host = url.raw_host or ""
        return not self._allowed.has_name(way.url) and is_refused_literal(host, self._allowed)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(_note_reuse)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "faceid-gateway", "Accept-Encoding": "identity"},
        # A compressed answer is not decompressed: 64 KiB of it may be gigabytes.
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        trace_configs=[tracing],
    )


async def _note_reuse(_session: aiohttp.ClientSession, trace: SimpleNamespace, _params: Any) -> None:
    trace.trace_request_ctx.was_reused = True


async def _exchange(
    session: aiohttp.ClientSession, url: URL, options: Mapping[str, Any], connection: SimpleNamespace
) -> Answer:
    async with session.post(url, allow_redirects=False, trace_request_ctx=connection, **options) as response:
        head = await _head_of(response)
        return Answer(response.status, _retry_after(response.headers.get("Retry-After")), head)


async def _head_of(response: aiohttp.ClientResponse) -> bytes:
    """The first 2 KiB of the answer, which is read to its end or to 64 KiB."""
    head, size = b"", 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        head += chunk[: KEPT_OF_ANSWER - len(head)]
        if size > MAX_ANSWER:
            response.close()
            break
    return head


def _retry_after(value: str | None) -> timedelta | None:
    """Seconds or a date, as in RFC 9110; None for anything else."""
    if value is None:
        return None
    try:
        if value.isascii() and value.isdigit():
            return timedelta(seconds=min(int(value[:9]), 86_400))
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC), timedelta(0))
