"""RFC 9457 problems: the table from error codes to HTTP, and the responses."""

import json
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from domain.events.webhooks.mistakes import MEANINGS, Mistake

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5


class Kind(NamedTuple):
    """The status and the title of a problem code."""

    status: int
    title: str


_CONFLICTS: Final = frozenset({Mistake.TOO_MANY_ENDPOINTS, Mistake.TOO_MANY_SECRETS})

_OF_ENDPOINTS: Final = {
    mistake.value: Kind(409 if mistake in _CONFLICTS else 422, meaning)
    for mistake, meaning in MEANINGS.items()
}

PROBLEMS: Final = {
    "malformed_form": Kind(400, "The form cannot be read"),
    "missing_field": Kind(400, "A required field is missing"),
    "duplicate_field": Kind(400, "A field appears more than once"),
    "malformed_payload": Kind(400, "`data` is not exactly one strict JSON object"),
    "malformed_request": Kind(400, "The request is not well-formed HTTP"),
    "bad_cursor": Kind(400, "The cursor does not come from this api"),
    "app_id_required": Kind(400, "The request must name an app: add app_id"),
    "bad_signature": Kind(401, "The signature does not match"),
    "unauthenticated": Kind(401, "A valid bearer token is required"),
    "person_required": Kind(403, "Only a person may do this: use a personal token"),
    "missing_scope": Kind(403, "The token lacks the scope for this request"),
    "all_apps_required": Kind(403, "This request needs a token for all apps"),
    "not_found": Kind(404, "Not found"),
    "method_not_allowed": Kind(405, "This method is not allowed here"),
    "not_decided": Kind(409, "There is no decision yet"),
    "unreadable": Kind(409, "No configured master key can decrypt this"),
    "app_not_configured": Kind(409, "The app has no notify_url or no return_url"),
    "registration_conflict": Kind(409, "This verification is registered for a different order"),
    "no_pull_left": Kind(409, "No call is left, or the vendor no longer keeps the result"),
    "pull_too_early": Kind(409, "A call is in progress, or the last one was too recent"),
    "flow_not_ended": Kind(409, "The flow may still be running: a call now could destroy its result"),
    "not_registered": Kind(409, "The app requires registration: register the verification first"),
    "legal_hold": Kind(409, "A legal hold is on this verification"),
    "already_erased": Kind(409, "The identity is erased, or is being erased"),
    "no_key_store": Kind(409, "FACEID_KEYS_URL is not set: a backup would undo the erasure"),
    "claimed_by_another": Kind(409, "Another person works on this case"),
    "not_claimed": Kind(409, "Claim the case first"),
    "lease_lost": Kind(409, "The claim has ended: claim the case again"),
    "evidence_changed": Kind(409, "The evidence is not what was shown: look at the case again"),
    "case_closed": Kind(409, "The case has ended"),
    "wrong_state": Kind(409, "The case is not in the state for this"),
    "same_person": Kind(403, "Another person must do this"),
    "second_look_waits": Kind(409, "A blind second look waits: what was concluded before is hidden"),
    "senior_required": Kind(403, "Only a person with the scope `approve` may do this"),
    "conclusion_refused": Kind(422, "The conclusion is not complete"),
    "cursor_expired": Kind(410, "Events behind this cursor are deleted"),
    "reason_required": Kind(422, "Say why, in words"),
    "reason_has_number": Kind(422, "The reason must not have an ID number: it is kept in the audit"),
    "number_empty": Kind(422, "The ID number is blank"),
    "number_letters": Kind(422, "The ID number has something other than digits"),
    "number_length": Kind(422, "The ID number has neither 15 nor 18 digits"),
    "number_check_digit": Kind(422, "The last digit of the ID number is wrong: one of the digits is"),
    "number_limit": Kind(429, "This ID number was verified as often today as the app allows"),
    "identity_limit": Kind(429, "The caller has read as many identities today as it may"),
    "request_timeout": Kind(408, "The request did not arrive in time"),
    "body_too_large": Kind(413, "The body is too large"),
    "unsupported_media_type": Kind(415, "The body must be a form"),
    "unsupported_encoding": Kind(415, "The body must not be compressed"),
    "headers_too_large": Kind(431, "The request line or the headers are too large"),
    "too_many_requests": Kind(429, "Too many requests: wait before you send the next one"),
    "policy_invalid": Kind(422, "The policy file is invalid"),
    "invalid_request": Kind(422, "The request has invalid parameters"),
    "internal_error": Kind(500, "Something went wrong on our side"),
    "vendor_refused": Kind(502, "The vendor refused the request, or its answer cannot be read"),
    "vendor_unavailable": Kind(503, "The vendor cannot be reached or is overloaded"),
    "not_durable": Kind(503, "The callback cannot be stored right now"),
    "redis_full": Kind(503, "Redis has no memory left for this"),
    "too_many_deliveries": Kind(409, "These are more deliveries than one call sends: add ended_before"),
    "endpoint_not_enabled": Kind(409, "The webhook endpoint is disabled or deleted"),
    "unavailable": Kind(503, "PostgreSQL, Redis, or a store of keys or pictures cannot be reached right now"),
} | _OF_ENDPOINTS
"""Every problem by its stable code; `guide` explains each."""

_CODE_OF_STATUS: Final = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
}


def refusal(code: str, *, retry_after: int | None = None, **more: object) -> Response:
    """The response for a problem code; `more` adds members, which must not repeat what the client sent.

    `retry_after`: seconds; a 503 without it gets RETRY_AFTER.
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
