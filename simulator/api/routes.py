"""The vendor's server-to-server API: get_token and get_result (protocol.md, sections 4 and 5)."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Final

from fastapi import APIRouter, Request, Response

from simulator.api.answers import Clock, VendorError, answer, error_answer, missing
from simulator.api.results import result_body
from simulator.api.token_request import order_of, read_token_form
from simulator.book import Book, Call, Verification

_ALL_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def vendor_routes(book: Book, clock: Clock) -> APIRouter:
    """get_token and get_result below /faceid/lite."""
    router = APIRouter(prefix="/faceid/lite", tags=["vendor"])

    @router.post("/get_token")
    async def get_token(request: Request) -> Response:
        started, now = perf_counter(), clock()
        try:
            fields = await read_token_form(request)
            app_id = authenticate(book, fields)
            verification = book.start(app_id, order_of(fields), now=now)
        except VendorError as error:
            return error_answer(error, now=now, started=started)
        payload = {
            "token": verification.token,
            "biz_id": verification.biz_id,
            "expired_time": int(verification.expires_at.timestamp()),
        }
        return answer(json.dumps(payload).encode(), now=now, started=started)

    @router.get("/get_result")
    async def get_result(request: Request) -> Response:
        started, now, query = perf_counter(), clock(), request.query_params
        book.get_result_calls += 1
        verification = _meant_by(book, query)
        try:
            body = _pull(book, verification, query, now=now)
        except VendorError as error:
            if verification is not None:
                verification.calls.append(Call(now, error.http_status, error.message))
            return error_answer(error, now=now, started=started)
        if verification is not None:
            verification.calls.append(Call(now, 200, None))
        return answer(body, now=now, started=started)

    return router


def unknown_api_routes(clock: Clock) -> APIRouter:
    """Everything else below /faceid/lite; include it after the known routes."""
    router = APIRouter(prefix="/faceid/lite", include_in_schema=False)

    @router.api_route("/{path:path}", methods=_ALL_METHODS)
    async def api_not_found() -> Response:
        error = VendorError(404, "API_NOT_FOUND")
        return error_answer(error, now=clock(), started=perf_counter())

    return router


def authenticate(book: Book, fields: Mapping[str, str]) -> str:
    """The app id of api_key and api_secret.

    Raises:
        VendorError: the key is unknown, or the secret is wrong.
    """
    app_id = book.app_id_of(fields["api_key"])
    secret = b"" if app_id is None else book.apps[app_id].api_secret.encode()
    if app_id is None or not hmac.compare_digest(secret, fields["api_secret"].encode()):
        raise VendorError(403, "AUTHENTICATION_ERROR")
    return app_id


def _meant_by(book: Book, query: Mapping[str, str]) -> Verification | None:
    """The verification that a call counts against, even with a wrong secret; other apps' do not count."""
    verification = book.get(query.get("biz_id", ""))
    if verification is None or verification.app.api_key != query.get("api_key"):
        return None
    return verification


def _pull(book: Book, verification: Verification | None, query: Mapping[str, str], *, now: datetime) -> bytes:
    for name in ("api_key", "api_secret", "biz_id"):
        if not query.get(name):
            raise missing(name)
    authenticate(book, query)
    if verification is None:
        book.unknown_biz_id_calls += 1
        raise VendorError(400, "RESULT_NOT_FOUND")
    return result_body(verification, query, now=now)
