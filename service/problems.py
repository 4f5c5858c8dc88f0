"""RFC 9457 problems: the one table from named errors to HTTP, and the answers made of it."""

import json
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5


class Kind(NamedTuple):
    """What a problem code stands for."""

    status: int
    title: str


PROBLEMS: Final = {
    "malformed_form": Kind(400, "The form cannot be read"),
    "missing_field": Kind(400, "A required field is missing"),
    "duplicate_field": Kind(400, "A field stands more than once"),
    "malformed_payload": Kind(400, "The data is not one strict JSON object"),
    "malformed_request": Kind(400, "The request is not well-formed HTTP"),
    "bad_cursor": Kind(400, "The cursor is not one of ours"),
    "app_id_required": Kind(400, "Several apps may be meant: name one by app_id"),
    "bad_signature": Kind(401, "The signature does not match"),
    "unauthenticated": Kind(401, "A valid bearer token is required"),
    "missing_scope": Kind(403, "The token lacks the scope for this"),
    "all_apps_required": Kind(403, "Only a token for all apps may do this"),
    "not_found": Kind(404, "There is nothing here"),
    "method_not_allowed": Kind(405, "This method is not allowed here"),
    "not_decided": Kind(409, "There is no decision yet"),
    "unreadable": Kind(409, "No configured master key opens this"),
    "app_not_configured": Kind(409, "The app has no notify_url or no return_url in the settings"),
    "registration_conflict": Kind(409, "This verification stands for another order"),
    "no_pull_left": Kind(409, "No call is left, or the vendor's day is over"),
    "pull_too_early": Kind(409, "A call is under way, or the last one was too short a time ago"),
    "flow_not_ended": Kind(409, "The flow may still go on: a call now could destroy its result"),
    "not_registered": Kind(409, "The app demands registration: register the verification first"),
    "request_timeout": Kind(408, "The request did not arrive in time"),
    "body_too_large": Kind(413, "The body is too large"),
    "unsupported_media_type": Kind(415, "The body must be a form"),
    "unsupported_encoding": Kind(415, "The body must not be compressed"),
    "headers_too_large": Kind(431, "The request line or the headers are too large"),
    "too_many_requests": Kind(429, "Too many requests: wait before you send the next one"),
    "policy_invalid": Kind(422, "The policy says something impossible"),
    "invalid_request": Kind(422, "The request has invalid parameters"),
    "internal_error": Kind(500, "Something went wrong on our side"),
    "vendor_refused": Kind(502, "The vendor refused, or answered what cannot be read"),
    "vendor_unavailable": Kind(503, "The vendor cannot be reached or is overloaded right now"),
    "not_durable": Kind(503, "The callback cannot be kept right now"),
    "redis_full": Kind(503, "Redis has no room left for this"),
    "unavailable": Kind(503, "A server behind this one cannot be reached right now"),
}
"""Every problem by its stable code; `problem_guide` says what each means."""

_CODE_OF_STATUS: Final = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
}


def refusal(code: str, *, retry_after: int | None = None, **more: object) -> Response:
    """The problem that a code of the table stands for; `more` must not repeat what the client sent.

    `retry_after`: seconds; every 503 has some.
    """
    status, title = PROBLEMS[code]
    content = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer" if code == "unauthenticated" else "Signature"
    if status == 503 or retry_after is not None:
        headers["retry-after"] = str(retry_after or RETRY_AFTER)
    return Response(json.dumps(content), status, headers, MEDIA_TYPE)


async def answer_http_error(_request: Request, error: Exception) -> Response:
    """Starlette's own 404, 405 and 413 as problems."""
    status = getattr(error, "status_code", 500)
    answer = refusal(_CODE_OF_STATUS.get(status, "internal_error"))
    for name, value in (getattr(error, "headers", None) or {}).items():
        answer.headers[name] = value
    return answer
