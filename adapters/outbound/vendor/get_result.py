"""The vendor's get_result, with a distinct answer for every end of a call.

The URL contains the secret, so it never appears in a log or an error.
"""

import asyncio
import re
from copy import copy
from datetime import timedelta
from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote, urlencode

import aiohttp
import httpx2
import msgspec
from httpx_aiohttp.httpx2 import AiohttpTransport
from yarl import URL

from domain.apps.app import App
from domain.callback.strict_json import read_members, read_object
from domain.errors import MalformedPayload
from domain.pulls.answer import UNREADABLE, Answer
from domain.pulls.budget import PullState

MAX_ANSWER: Final = 1024 * 1024
MAX_ANSWER_WITH_IMAGES: Final = 16 * 1024 * 1024
HTTP_OK: Final = 200

POOL_SIZE: Final = 256
"""Maximum connections, for all apps together. Callers stay below it: a call that waits here for a connection
may time out before it is sent, and would count as spent."""

_NO_ERROR: Final = frozenset({b"", b'""', b"null"})
_ERROR_WORD: Final = re.compile(r"[A-Z][A-Z_]{2,63}")
EXTENSIONS: Final = {"timeout": {"connect": 3.0}}
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors before the connection was established. The transport raises the same httpx2 type for a connection
that broke *after* the request was sent, so the cause is checked instead."""


class UnusableAnswer(Exception):
    """An answer that is not read to the end; `word` says why."""

    def __init__(self, word: str, *, http_status: int) -> None:
        super().__init__(word)
        self.word = word
        self.http_status = http_status


class FaceidApi:
    """Calls get_result for every app, over one connection pool.

    It uses the transport without a client: redirects, cookies, proxies and authentication are unwanted here,
    and would double the cost of a call.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport, *, timeout: timedelta) -> None:
        self._transport = transport
        self._timeout = timeout.total_seconds()
        # Half of the time-out for connecting, with DNS and TLS: a call that fails there was not sent.
        connect, pool = min(3.0, self._timeout / 2), min(5.0, self._timeout / 2)
        self._extensions = {"timeout": {"connect": connect, "pool": pool}}

    async def get_result(self, app: App, biz_id: str) -> Answer:
        """Spend one call. Never raises an error of the vendor or the network."""
        limit = MAX_ANSWER_WITH_IMAGES if app.return_image else MAX_ANSWER
        try:
            async with asyncio.timeout(self._timeout):
                return await self._call(address_of(app, biz_id), limit=limit)
        except TimeoutError:
            return Answer(PullState.UNKNOWN, error="TIMEOUT")
        except UnusableAnswer as error:
            return Answer(PullState.DONE, error.http_status, error.word)
        except Exception as error:
            # Not only httpx2.HTTPError: errors of aiohttp's parser pass through unchanged.
            return _broken(error)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _call(self, url: httpx2.URL, *, limit: int) -> Answer:
        # A copy costs a third of a new request; it only lacks the extensions.
        request = copy(_BARE_GET)
        request.url, request.extensions = url, self._extensions
        return _answered(*await exchange(self._transport, request, limit=limit))


class _ExactUrl(httpx2.URL):
    """A URL with a secret that is sent verbatim: neither parsed nor shown.

    httpx2 would parse and rebuild it, which costs more than the transport's share of the call.
    """

    def __init__(self, text: str) -> None:
        super().__init__(_NOWHERE)
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "URL(…)"


_NOWHERE: Final = httpx2.URL("")
_BARE_GET: Final = httpx2.Request("GET", _NOWHERE)


async def exchange(
    transport: httpx2.AsyncBaseTransport, request: httpx2.Request, *, limit: int
) -> tuple[int, bytes]:
    """Status and body of the answer to `request`.

    Raises:
        UnusableAnswer: more than `limit` bytes, or compressed although that was not requested.
    """
    response = await transport.handle_async_request(request)
    # The response of an asynchronous transport has an asynchronous stream; httpx2's type allows both.
    stream = cast(httpx2.AsyncByteStream, response.stream)
    try:
        if "content-encoding" in response.headers:
            raise UnusableAnswer("ENCODED_ANSWER", http_status=response.status_code)
        body = bytearray()
        async for chunk in stream:
            body += chunk
            if len(body) > limit:
                raise UnusableAnswer("ANSWER_TOO_LARGE", http_status=response.status_code)
        return response.status_code, bytes(body)
    finally:
        await stream.aclose()


def create_transport() -> httpx2.AsyncBaseTransport:
    """httpx2's transport on aiohttp's connections: no proxies or netrc from the environment, no cookies.

    Call it inside the event loop.
    """
    return AiohttpTransport(client=_create_session, trust_env=False)


def _create_session() -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=15),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "Accept": "application/json"},
    )
    # aiohttp repeats a GET when a kept-alive connection breaks, which would spend a second call without a
    # reservation. There is no public switch; a test covers this one.
    session._retry_connection = False
    # It would also decode `%2C` to a comma.
    session._build_url = _exact_url  # type: ignore[method-assign, assignment]
    return session


def _exact_url(url: str | URL) -> URL:
    return url if isinstance(url, URL) else URL(url, encoded=True)


def address_of(app: App, biz_id: str) -> httpx2.URL:
    """The URL of a get_result call, with the secret; its `repr` shows nothing."""
    return _ExactUrl(_get_result_of(app) + quote(biz_id, safe=""))


@lru_cache
def _get_result_of(app: App) -> str:
    """The URL of an app's get_result without the biz_id at its end."""
    params = {"api_key": app.api_key, "api_secret": app.secrets[0]}
    if app.return_image:
        params["return_image"] = str(app.return_image)
    return f"{app.vendor_url}/get_result?{urlencode(params)}&biz_id="


def _answered(status: int, body: bytes) -> Answer:
    if status == HTTP_OK:
        return Answer(PullState.DONE, status, _refusal_in(body), body)
    return Answer(PullState.DONE, status, error_word(body) or f"HTTP_{status}")


def _refusal_in(body: bytes) -> str | None:
    """Why the body of a 200 is no result: not JSON, or an error like those of other statuses."""
    try:
        members = read_members(body)
    except MalformedPayload:
        return UNREADABLE
    if bytes(members.get("error_message", b"")) in _NO_ERROR or _is_text(members.get("status")):
        # A result has the flow's status; the decoder checks the rest.
        return None
    return error_word(body) or UNREADABLE


def _is_text(member: msgspec.Raw | None) -> bool:
    return member is not None and bytes(member).startswith(b'"')


def error_word(body: bytes) -> str | None:
    """`RESULT_NOT_FOUND` of `{"error_message": "RESULT_NOT_FOUND"}`, without what may follow a colon."""
    try:
        message = read_object(body).get("error_message")
    except MalformedPayload:
        return None
    word = message.split(":", 1)[0].strip() if isinstance(message, str) else ""
    return word if _ERROR_WORD.fullmatch(word) else None


def _broken(error: Exception) -> Answer:
    if isinstance(error.__cause__, _NOT_SENT):
        return Answer(PullState.NOT_SENT, error="CONNECT_FAILED")
    return Answer(PullState.UNKNOWN, error="CONNECTION_BROKEN")
