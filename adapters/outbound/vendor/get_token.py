"""The vendor's get_token, which orders a verification.

The form contains the secret, names and ID numbers, so nothing of it appears in a log or an error.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx2

from adapters.outbound.vendor.get_result import (
    EXTENSIONS,
    HTTP_OK,
    MAX_ANSWER,
    UnusableAnswer,
    error_word,
    exchange,
)
from domain.apps.app import App
from domain.apps.order import IssuedToken, Order
from domain.callback.strict_json import read_object
from domain.errors import MalformedPayload, NoToken, VendorRefused, VendorUnavailable
from domain.model import BIZ_ID_SHAPE
from domain.pulls.answer import UNREADABLE, is_refusal

_TOKEN_SHAPE: Final = re.compile(r"[!-~]{1,512}")
_BAD_REQUEST: Final = 400
_MAY_PASS: Final = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "INTERNAL_ERROR"})
_NAMED_ARGUMENT: Final = re.compile(rb'"(?:BAD|MISSING)_ARGUMENTS: ?([a-z][a-z0-9_]{0,63})"')

Form = list[tuple[str, tuple[str | None, bytes]]]


class FaceidTokens:
    """Calls get_token for every app, over one connection pool."""

    def __init__(self, transport: httpx2.AsyncBaseTransport, *, timeout: timedelta) -> None:
        self._transport = transport
        self._timeout = timeout.total_seconds()
        self._refusals: dict[str, str] = {}

    def status(self) -> dict[str, object]:
        """For the api's heartbeat: the apps whose key, secret or address was refused last."""
        return {"refusals": dict(self._refusals)}

    async def get_token(self, app: App, order: Order) -> IssuedToken:
        """Order a verification.

        Raises:
            VendorRefused: a retry would be refused too.
            VendorUnavailable: a retry may succeed; it is unknown whether a token was issued.
        """
        try:
            token = await self._order(app, order)
        except NoToken as error:
            if is_refusal(error.word):
                self._refusals[app.app_id] = error.word
            raise
        self._refusals.pop(app.app_id, None)
        return token

    async def _order(self, app: App, order: Order) -> IssuedToken:
        form = _form(app, order)
        try:
            async with asyncio.timeout(self._timeout):
                status, body = await self._post(f"{app.vendor_url}/get_token", form)
        except TimeoutError:
            raise VendorUnavailable("TIMEOUT") from None
        except UnusableAnswer as error:
            raise VendorUnavailable(error.word) from None
        except Exception:
            # Not only httpx2.HTTPError: errors of aiohttp's parser pass through unchanged. No cause, since
            # its message may contain the form.
            raise VendorUnavailable("CONNECTION_FAILED") from None
        if status != HTTP_OK:
            raise _refusal(status, body, error_word(body) or f"HTTP_{status}")
        return _issued(body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _post(self, url: str, form: Form) -> tuple[int, bytes]:
        request = httpx2.Request("POST", url, files=form, extensions=EXTENSIONS)
        await request.aread()
        return await exchange(self._transport, request, limit=MAX_ANSWER)


def _form(app: App, order: Order) -> Form:
    """multipart/form-data, as the vendor requires, with the pictures as files.

    Raises:
        ValueError: the app has no notify_url or no return_url.
    """
    if app.notify_url is None or app.return_url is None:
        raise ValueError(f"{app!r} has no notify_url or no return_url")
    fields = {
        **order.parameters,
        "api_key": app.api_key,
        "api_secret": app.secrets[0].decode(),
        "return_url": app.return_url,
        "notify_url": app.notify_url,
        "biz_no": order.biz_no,
    }
    texts: Form = [(name, (None, value.encode())) for name, value in fields.items()]
    return texts + [(name, (f"{name}.jpg", content)) for name, content in order.pictures.items()]


def _issued(body: bytes) -> IssuedToken:
    try:
        answer = read_object(body)
    except MalformedPayload:
        # A proxy's page, which is not about the order.
        raise VendorUnavailable(UNREADABLE) from None
    try:
        expires_at = datetime.fromtimestamp(float(answer["expired_time"]), UTC)
        biz_id, token = answer["biz_id"], answer["token"]
        if BIZ_ID_SHAPE.fullmatch(biz_id) and _TOKEN_SHAPE.fullmatch(token):
            return IssuedToken(biz_id, token, expires_at)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        pass
    raise _refusal(HTTP_OK, body, error_word(body) or UNREADABLE)


def _refusal(status: int, body: bytes, word: str) -> NoToken:
    """The error for a refusal. A refusal that is not about this order (a fault of the vendor or of a proxy)
    may be temporary.
    """
    is_nobodys_word = word.startswith("HTTP_") and status != _BAD_REQUEST
    if status >= 500 or word in _MAY_PASS or is_nobodys_word:
        return VendorUnavailable(word)
    named = _NAMED_ARGUMENT.search(body)
    return VendorRefused(word, argument=named[1].decode() if named else None)
