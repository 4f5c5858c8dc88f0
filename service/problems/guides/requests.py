"""Problems of any request: who asks, how often, and in what form."""

from typing import Final

from service.problems.guides.guide import Guide

REQUESTS: Final = {
    "all_apps_required": Guide(
        "api",
        "Policies decide for every app, and the token is limited to some.",
        "Use a token created with `--all-apps`.",
    ),
    "too_many_requests": Guide(
        "api",
        "The token exceeds its rate, has too many requests open, or its address tried too many wrong "
        "tokens. The answer is delayed by some seconds.",
        "Wait for the seconds in `Retry-After`.",
    ),
    "bad_cursor": Guide("api", "The cursor does not come from this api.", "Start again without `cursor`."),
    "redis_full": Guide(
        "api",
        "Redis is as full as the ingress may fill it (`inbox_high_water`, `inbox_memory_share`), so the "
        "remaining dead letters stay. `retried` is the number put back before that.",
        "Let the workers empty the inbox, or give Redis more memory; retry. See [Redis is "
        "full](../operations.md#redis-is-full).",
    ),
    "app_id_required": Guide(
        "api",
        "The token sees several apps, and the request does not say which.",
        "Add `?app_id=`, or `app_id` to the body.",
    ),
    "unauthenticated": Guide(
        "api",
        "No bearer token, or an unknown, expired or revoked one.",
        "Get a token: `faceid-gateway token create`.",
    ),
    "person_required": Guide(
        "api",
        "The request is for persons, and the token belongs to a program.",
        "Use a personal token: `faceid-gateway people token NAME`.",
    ),
    "missing_scope": Guide(
        "api",
        "The token lacks the [scope](api.md) for this request.",
        "Get a token that has it.",
    ),
    "invalid_request": Guide(
        "api",
        "A parameter is wrong or unknown; `errors` says which.",
        "Correct the request.",
    ),
    "unavailable": Guide(
        "api",
        "PostgreSQL, Redis, or a store of keys or pictures cannot be reached, or it is the wrong store.",
        "Try again after `Retry-After`. If it stays, the log says which: `keys.away`, `pictures.away`.",
    ),
    "malformed_request": Guide(
        "both",
        "Not well-formed HTTP/1.1, or more pipelined requests than one connection may send.",
        "Send HTTP/1.1; `Upgrade` is ignored.",
    ),
    "headers_too_large": Guide(
        "both",
        "Request line and headers exceed `max_header_bytes` (16 KiB), there are more than 100 headers, or "
        "the target exceeds 8 KiB.",
        "The headers of a genuine callback are a few hundred bytes.",
    ),
    "not_found": Guide(
        "both",
        "Nothing has this address. On the api also: the token does not cover the app, or the id is "
        "malformed.",
        "Check the address; a verification appears when it is registered or with its first callback.",
    ),
    "method_not_allowed": Guide(
        "both",
        "This address takes other methods (see `Allow`).",
        "Use one of them.",
    ),
    "internal_error": Guide(
        "both",
        "A bug in the gateway; `ingress.failed` or `api.failed` in the log shows where.",
        "Report it.",
    ),
}
