"""RFC 9457 problems: the one table from named errors to HTTP, and the answers made of it."""

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5

STATUS_OF: Final = {
    "malformed_form": 400,
    "missing_field": 400,
    "duplicate_field": 400,
    "malformed_payload": 400,
    "bad_cursor": 400,
    "app_id_required": 400,
    "bad_signature": 401,
    "unauthenticated": 401,
    "missing_scope": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "internal_error": 500,
    "not_durable": 503,
    "unavailable": 503,
}
"""HTTP status by problem code (docs/errors.md)."""

TITLE_OF: Final = {
    "malformed_form": "The form cannot be read",
    "missing_field": "A required field is missing",
    "duplicate_field": "A field stands more than once",
    "malformed_payload": "The data is not one strict JSON object",
    "bad_cursor": "The cursor is not one of ours",
    "app_id_required": "Several apps have this biz_id: name one by app_id",
    "bad_signature": "The signature does not match",
    "unauthenticated": "A valid bearer token is required",
    "missing_scope": "The token lacks the scope for this",
    "not_found": "There is nothing here",
    "method_not_allowed": "This method is not allowed here",
    "request_timeout": "The request did not arrive in time",
    "body_too_large": "The body is too large",
    "unsupported_media_type": "The body must be a form",
    "invalid_request": "The request has invalid parameters",
    "internal_error": "Something went wrong on our side",
    "not_durable": "The callback cannot be kept right now",
    "unavailable": "A server behind this one cannot be reached right now",
}

_CODE_OF_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def refusal(code: str, **more: object) -> Response:
    """The problem that a code of the table stands for; `more` must not repeat what the client sent."""
    status = STATUS_OF[code]
    content = {"type": "about:blank", "title": TITLE_OF[code], "status": status, "code": code, **more}
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer" if code == "unauthenticated" else "Signature"
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER)
    return Response(json.dumps(content), status, headers, MEDIA_TYPE)


async def answer_http_error(_request: Request, error: Exception) -> Response:
    """Starlette's own 404, 405 and 413 as problems."""
    status = getattr(error, "status_code", 500)
    answer = refusal(_CODE_OF_STATUS.get(status, "internal_error"))
    for name, value in (getattr(error, "headers", None) or {}).items():
        answer.headers[name] = value
    return answer
