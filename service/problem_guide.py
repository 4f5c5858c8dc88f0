"""The meaning of each problem code and advice for the caller, for docs/reference/errors.md."""

from typing import Final, NamedTuple


class Guide(NamedTuple):
    """`where`: the listener that answers it, `ingress`, `api` or `both`. The texts are Markdown."""

    where: str
    meaning: str
    advice: str


GUIDE: Final = {
    "reason_required": Guide(
        "api", "The reason for a look at identity is blank.", "Say why: it is in the audit."
    ),
    "reason_has_number": Guide(
        "api", "The reason has an ID number. The audit keeps reasons for years.", "Name a ticket instead."
    ),
    "number_empty": Guide("api", "The ID number is blank.", "Send the number."),
    "number_letters": Guide(
        "api",
        "The ID number has something other than digits, or an X that is not the last of 18 characters. "
        "Blanks, hyphens and full-width digits are understood.",
        "Ask for the number again.",
    ),
    "number_length": Guide("api", "The ID number has neither 15 nor 18 digits.", "Ask for it again."),
    "number_check_digit": Guide(
        "api", "The check digit does not follow from the others.", "One digit is wrong, or two are swapped."
    ),
    "number_limit": Guide(
        "api",
        "`orders_of_number` verifications of this ID number were ordered or decided in the last 24 hours. "
        "The vendor was not called.",
        "Order again later. Many of these are a sign of an attack on one person.",
    ),
    "identity_limit": Guide(
        "api",
        "The person or the token has made `identity_reads_a_day` reads, searches and exports today (UTC). "
        "The first refusal of a day is in the audit.",
        "Go on tomorrow, or ask an operator to raise the limit.",
    ),
    "malformed_form": Guide(
        "ingress",
        "The body is not a well-formed form: a broken escape, broken or truncated multipart, a file part, "
        "more than eight fields.",
        "Send `data` and `sign` as a plain form.",
    ),
    "missing_field": Guide(
        "ingress",
        "`data` or `sign` is absent or empty; on `GET …/return`: no single well-formed `biz_id`.",
        "Send both; send `biz_id` once.",
    ),
    "duplicate_field": Guide("ingress", "`data` or `sign` appears twice.", "Send each once."),
    "malformed_payload": Guide(
        "ingress",
        "Validly signed, but not exactly one strict UTF-8 JSON object: bytes after it, NaN. This is what a "
        "length extension looks like.",
        "Do not send it again; the answer stays the same. Many of these are a sign of an attack.",
    ),
    "bad_signature": Guide(
        "ingress",
        "The signature does not match, **or the app is unknown**: both get the same answer on purpose.",
        "Check the app id in the address, `api_secrets` and `hash`; see [Every callback gets "
        "401](../operations.md#every-callback-gets-401).",
    ),
    "request_timeout": Guide(
        "ingress",
        "The request did not arrive within `body_timeout` (10 s; on the api 60 s), counted from its first "
        "byte.",
        "Send it again.",
    ),
    "body_too_large": Guide(
        "ingress",
        "The body exceeds `max_body_bytes` (256 KiB), declared or counted; on the api 256 KiB, for an "
        "order 9 MiB.",
        "A genuine callback is a few kB.",
    ),
    "unsupported_media_type": Guide(
        "ingress",
        "Neither `application/x-www-form-urlencoded` nor `multipart/form-data`.",
        "Send a form.",
    ),
    "unsupported_encoding": Guide(
        "ingress",
        "The body is not a form and has a `Content-Encoding`: compressed bodies are not read. A plain form "
        "is read whatever that header claims.",
        "Send the form uncompressed.",
    ),
    "not_durable": Guide(
        "ingress",
        "Neither Redis nor the spool can take the callback, or too many are waiting. **It was not "
        "acknowledged.**",
        "Send it again after `Retry-After`. It may have been written nevertheless; sending it twice is "
        "harmless.",
    ),
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
    "not_decided": Guide(
        "api",
        "There is no decision to explain yet.",
        "Look the verification up with `wait` first.",
    ),
    "redis_full": Guide(
        "api",
        "Redis is as full as the ingress may fill it (`inbox_high_water`, `inbox_memory_share`), so the "
        "remaining dead letters stay. `retried` is the number put back before that.",
        "Let the workers empty the inbox, or give Redis more memory; retry. See [Redis is "
        "full](../operations.md#redis-is-full).",
    ),
    "unreadable": Guide(
        "api",
        "No configured master key can decrypt this dead letter or verification.",
        "Put the missing key back, restart the api, retry.",
    ),
    "policy_invalid": Guide(
        "api",
        "The candidate policy cannot be used; `detail` names line and key.",
        "Correct the file; try `faceid-gateway policy check`.",
    ),
    "app_id_required": Guide(
        "api",
        "The token sees several apps, and the request does not say which.",
        "Add `?app_id=`, or `app_id` to the body.",
    ),
    "app_not_configured": Guide(
        "api",
        "The app has no `notify_url` or no `return_url`, so the api cannot order verifications for it.",
        "Set both, restart the api.",
    ),
    "claimed_by_another": Guide(
        "api",
        "Another person has claimed the case: `by` says who, `lease_until` until when at least.",
        "Take another case (`POST /v1/reviews/next`), or wait until then.",
    ),
    "not_claimed": Guide("api", "The case is open, and you have not claimed it.", "Claim it first."),
    "lease_lost": Guide(
        "api",
        "Your claim has ended: its ten minutes are over, someone took the case over, or `fence` names an "
        "older claim.",
        "Claim the case again and look at the evidence: it may have changed.",
    ),
    "evidence_changed": Guide(
        "api",
        "The evidence differs from what `evidence_hash` was made of. `changed` names the parts: `facts`, "
        "`reasons`, `policy`, `documents` (a callback or a result came), `reviews`.",
        "Read the case again and decide on what it shows now.",
    ),
    "case_closed": Guide("api", "The case was concluded or closed.", "Nothing is left to do."),
    "wrong_state": Guide(
        "api",
        "A conclusion is proposed already, or none is proposed that could be approved or returned.",
        "Read the case again.",
    ),
    "same_person": Guide(
        "api",
        "You proposed this conclusion, or concluded what a second look is about; another session or token of "
        "yours does not help.",
        "Leave the case to another person.",
    ),
    "senior_required": Guide(
        "api",
        "A proposed conclusion, or another person's case, needs a person with the role `senior`.",
        "Leave the case to a senior person.",
    ),
    "conclusion_refused": Guide(
        "api",
        "Outcome, reasons and note do not fit together, or a snooze is out of bounds; `detail` says what is "
        "wrong.",
        "[The reasons](../review.md#reasons) that each outcome may have; an approval needs a note.",
    ),
    "cursor_expired": Guide(
        "api",
        "Events behind `after` or `Last-Event-ID` are deleted, because they are older than `events_kept` "
        "(30 days).",
        "Look up what may have been missed, then go on from `deleted_to`, or from 0, the oldest kept event.",
    ),
    "registration_conflict": Guide(
        "api",
        "This `biz_id` is registered or decided with a different `biz_no`, or belongs to another app with "
        "the same vendor account. What is stored does not change.",
        "Two orders were mixed up, by mistake or on purpose: look at the timeline.",
    ),
    "not_registered": Guide(
        "api",
        "The app requires registration, and this verification is not registered: it is stored, not decided.",
        "Register it with `PUT`.",
    ),
    "flow_not_ended": Guide(
        "api",
        "No final callback has arrived and the token is still valid: a call now could destroy the result. "
        "`Retry-After` runs until the token expires, if that is known.",
        "Wait for `Retry-After`.",
    ),
    "pull_too_early": Guide(
        "api",
        "A call is in progress or already requested, or the last one was less than `pull_spacing` ago.",
        "Try again after `Retry-After`.",
    ),
    "legal_hold": Guide(
        "api",
        "A legal hold is on the verification: nothing of it is erased.",
        "Lift the hold first, if you may.",
    ),
    "already_erased": Guide(
        "api",
        "A hold comes too late: the identity is erased, or an erasure has begun.",
        "Nothing can be kept any more.",
    ),
    "no_key_store": Guide(
        "api",
        "Without `FACEID_KEYS_URL` there is no erasure ledger, so a restored backup would bring the identity "
        "back. Nothing was erased.",
        "Set up [a key store](../operations.md#keys), then ask again.",
    ),
    "no_pull_left": Guide(
        "api",
        "All three calls are spent, or the vendor no longer keeps the result.",
        "Decide on the evidence that is stored.",
    ),
    "vendor_refused": Guide(
        "api",
        "`get_token` was refused (`vendor_error` is the vendor's error, such as `BAD_ARGUMENTS` with "
        "`argument`, or `AUTHENTICATION_ERROR`), or its answer cannot be read (`UNREADABLE_ANSWER`, "
        "`ANSWER_TOO_LARGE`, `HTTP_302`).",
        "Correct the order, or the app's settings.",
    ),
    "vendor_unavailable": Guide(
        "api",
        "The vendor cannot be reached, is too slow, failing or overloaded (`CONNECTION_FAILED`, `TIMEOUT`, "
        "`INTERNAL_ERROR`, `CONCURRENCY_LIMIT_EXCEEDED`, …).",
        "Try again after `Retry-After`; with a new `biz_no` if the vendor objects to the old one.",
    ),
    "url_not_http": Guide(
        "api",
        "The URL of the endpoint is not `http://` or `https://` with a host, has a blank, or is longer "
        "than 2048 characters.",
        "Correct the URL.",
    ),
    "url_with_credentials": Guide(
        "api",
        "The URL has a user or a password.",
        'Put them into a header: `headers: {"authorization": …}`. Headers are stored encrypted.',
    ),
    "url_with_fragment": Guide("api", "The URL has a `#`, which HTTP does not send.", "Leave it out."),
    "address_refused": Guide(
        "api",
        "The host is or resolves to an address that webhooks are not sent to: loopback, private, link-local, "
        "metadata, or this machine's own.",
        "Use a public address. Operators can allow private ones in `FACEID_WEBHOOK_ALLOW`.",
    ),
    "address_unresolvable": Guide(
        "api",
        "DNS has no address for the host, or did not answer within three seconds.",
        "Check the name, then try again.",
    ),
    "unknown_event_type": Guide(
        "api",
        "An entry of `types` matches no event type, such as `verification.aproved`.",
        "Use a type of the catalogue, or a pattern such as `verification.*`.",
    ),
    "header_reserved": Guide(
        "api",
        "One of `headers` is set by the gateway or by HTTP: `host`, `connection`, `content-*`, `webhook-*`, "
        "`proxy-*`, `transfer-encoding` and others.",
        "Leave it out.",
    ),
    "header_invalid": Guide(
        "api",
        "One of `headers` has an invalid name, or a value that is empty, too long (2048) or not printable "
        "ASCII; or there are more than 20.",
        "Correct it.",
    ),
    "certificate_invalid": Guide(
        "api",
        "`ca` is not a certificate in PEM, or `client_certificate` is not a certificate with its unencrypted "
        "key.",
        "Check both with `openssl x509` and `openssl pkey`.",
    ),
    "too_many_endpoints": Guide(
        "api",
        "The app has `FACEID_WEBHOOK_ENDPOINTS` endpoints already, disabled ones included.",
        "Delete one that is not used.",
    ),
    "too_many_secrets": Guide(
        "api",
        "Five secrets of the endpoint are valid now, after several rotations.",
        "Wait until one ends, or rotate with `overlap` 0, which ends all earlier ones.",
    ),
    "too_many_deliveries": Guide(
        "api",
        "More than 10,000 deliveries are to be sent again, and the request has no `ended_before`. Nothing is "
        "sent: repeated, such requests would find what the earlier ones have sent, without an end.",
        "Send the request with the `ended_before` of this answer, and repeat it while `more` is true.",
    ),
    "endpoint_not_enabled": Guide(
        "api",
        "The endpoint of the delivery is disabled or deleted, so nothing is sent to it again.",
        "Enable it with `POST /v1/endpoints/{id}/enable`, then try again.",
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
    "unavailable": Guide("api", "PostgreSQL or Redis cannot be reached.", "Try again after `Retry-After`."),
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
"""By the codes of `service.problems.PROBLEMS`."""
