"""Problems of events, endpoints and deliveries."""

from typing import Final

from service.problems.guides.guide import Guide

WEBHOOKS: Final = {
    "cursor_expired": Guide(
        "api",
        "Events behind `after` or `Last-Event-ID` are deleted, because they are older than `events_kept` "
        "(30 days).",
        "Look up what may have been missed, then go on from `deleted_to`, or from 0, the oldest kept event.",
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
}
