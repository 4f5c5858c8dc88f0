"""The vendor API's answers: JSON with a request_id and the time used in ms, errors in one shape."""

import json
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from uuid import uuid4

from fastapi import Response

Clock = Callable[[], datetime]
"""Returns aware UTC; tests move it forward by a day."""


class VendorError(Exception):
    """An error answer: the HTTP status and the vendor's error_message (protocol.md, section 4)."""

    def __init__(self, http_status: int, message: str) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.message = message


def missing(argument: str) -> VendorError:
    return VendorError(400, f"MISSING_ARGUMENTS: {argument}")


def bad(argument: str) -> VendorError:
    return VendorError(400, f"BAD_ARGUMENTS: {argument}")


def answer(payload: bytes, *, now: datetime, started: float, http_status: int = 200) -> Response:
    """`payload`, one JSON object with at least one key, with request_id and time_used added to its text.

    `started` is perf_counter() at the start of the request. The text is spliced, not parsed: get_result
    answers thousands of times a second from bytes that are encoded once.
    """
    request_id = f'{{"request_id": "{int(now.timestamp())},{uuid4()}", '.encode()
    time_used = f', "time_used": {int((perf_counter() - started) * 1000)}}}'.encode()
    body = request_id + payload[1:-1] + time_used
    return Response(body, status_code=http_status, media_type="application/json")


def error_answer(error: VendorError, *, now: datetime, started: float) -> Response:
    payload = json.dumps({"error_message": error.message}).encode()
    return answer(payload, now=now, started=started, http_status=error.http_status)
