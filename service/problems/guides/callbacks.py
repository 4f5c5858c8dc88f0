"""Problems of a callback's form, payload and signature."""

from typing import Final

from service.problems.guides.guide import Guide

CALLBACKS: Final = {
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
}
