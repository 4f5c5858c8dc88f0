"""The vendor's API as its client: get_result, with every end of a call told apart.

The secret travels in the URL, so no URL ever leaves this module: not in a log, not in an error.
"""

import asyncio
import re
from datetime import timedelta
from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote, urlencode

import aiohttp
import httpx2
import msgspec
from httpx_aiohttp.httpx2 import AiohttpTransport
from yarl import URL

from domain.answer import UNREADABLE, Answer
from domain.apps import App
from domain.budget import PullState
from domain.errors import MalformedPayload
from domain.strict_json import read_members, read_object

MAX_ANSWER: Final = 1024 * 1024
MAX_ANSWER_WITH_IMAGES: Final = 16 * 1024 * 1024
HTTP_OK: Final = 200

POOL_SIZE: Final = 256
"""Connections at once, for all apps together. Who makes calls keeps to it: a call that waits here for a
connection may be cut before it was sent, and counts as spent."""

_NO_ERROR: Final = frozenset({b"", b'""', b"null"})
_ERROR_WORD: Final = re.compile(r"[A-Z][A-Z_]{2,63}")
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors before a connection stood."""


class UnusableAnswer(Exception):
    """An answer that is not read to its end; `word` says why."""

    def __init__(self, word: str, *, http_status: int) -> None:
        super().__init__(word)
        self.word = word
        self.http_status = http_status


class FaceidApi:
    """get_result for every app, over one pool of connections.

    aiohttp is asked directly: what httpx2 adds on the way to it costs a third of the call.
    """

    def __init__(self, session: aiohttp.ClientSession, *, timeout: timedelta) -> None:
        self._session = session
        self._timeout = timeout.total_seconds()
        # Until a connection stands, name server and TLS included, half of it: what ends so was not sent.
        connect, stands = min(3.0, self._timeout / 2), min(5.0, self._timeout / 2)
        self._until_it_stands = aiohttp.ClientTimeout(total=None, connect=stands, sock_connect=connect)

    async def get_result(self, app: App, biz_id: str) -> Answer:
        """Spend one call. Never raises for anything that the vendor or the network does."""
        limit = MAX_ANSWER_WITH_IMAGES if app.return_image else MAX_ANSWER
        try:
            async with asyncio.timeout(self._timeout):
                return await self._call(Address(app, biz_id), limit=limit)
        except _NOT_SENT:
            # One of them is a TimeoutError, too.
            return Answer(PullState.NOT_SENT, error="CONNECT_FAILED")
        except TimeoutError:
            return Answer(PullState.UNKNOWN, error="TIMEOUT")
        except UnusableAnswer as error:
            return Answer(PullState.DONE, error.http_status, error.word)
        except Exception:
            # Not aiohttp.ClientError alone: what breaks its parser comes through as it is.
            return Answer(PullState.UNKNOWN, error="CONNECTION_BROKEN")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _call(self, address: "Address", *, limit: int) -> Answer:
        # The session makes a URL of it.
        request = self._session.get(cast(URL, address), allow_redirects=False, timeout=self._until_it_stands)
        async with request as response:
            if "Content-Encoding" in response.headers:
                raise UnusableAnswer("ENCODED_ANSWER", http_status=response.status)
            body = bytearray()
            while chunk := await response.content.readany():
                body += chunk
                if len(body) > limit:
                    raise UnusableAnswer("ANSWER_TOO_LARGE", http_status=response.status)
            return _answered(response.status, bytes(body))


class Address:
    """Where a result is asked for: as a string with the secret in it, and shown without."""

    def __init__(self, app: App, biz_id: str) -> None:
        self._text = _get_result_of(app) + quote(biz_id, safe="")

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Address(…)"


def create_session() -> aiohttp.ClientSession:
    """Connections to vendors: no proxies or netrc from the environment, no cookies, nothing unpacked.

    To be called inside the event loop.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=15),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "Accept": "application/json"},
        auto_decompress=False,
    )
    # aiohttp sends a GET once more by itself when a kept connection breaks: that would spend a second call
    # behind the ledger's back. There is no public switch; a test holds this one.
    session._retry_connection = False
    # It would also write a `%2C` back to a comma.
    session._build_url = _exact_url  # type: ignore[method-assign, assignment]
    return session


def _exact_url(url: str | URL | Address) -> URL:
    return url if isinstance(url, URL) else URL(str(url), encoded=True)


def create_transport() -> httpx2.AsyncBaseTransport:
    """The same connections behind httpx2's requests. To be called inside the event loop."""
    return AiohttpTransport(client=create_session, trust_env=False)


@lru_cache
def _get_result_of(app: App) -> str:
    """The URL of an app's get_result, but for the biz_id at its end."""
    params = {"api_key": app.api_key, "api_secret": app.secrets[0]}
    if app.return_image:
        params["return_image"] = str(app.return_image)
    return f"{app.vendor_url}/get_result?{urlencode(params)}&biz_id="


def _answered(status: int, body: bytes) -> Answer:
    if status == HTTP_OK:
        return Answer(PullState.DONE, status, _refusal_in(body), body)
    return Answer(PullState.DONE, status, error_word(body) or f"HTTP_{status}")


def _refusal_in(body: bytes) -> str | None:
    """Why the body of a 200 is no result: not JSON, or an error as other statuses carry it."""
    try:
        members = read_members(body)
    except MalformedPayload:
        return UNREADABLE
    if bytes(members.get("error_message", b"")) in _NO_ERROR or _is_text(members.get("status")):
        # A result says how the flow ended; what else stands in it is for the decoder.
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
