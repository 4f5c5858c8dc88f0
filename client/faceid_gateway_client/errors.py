"""Errors of the client. Those of the network stay httpx's own (`TransportError`)."""


class GatewayClientError(Exception):
    """Base of the errors that this library raises."""


class ApiError(GatewayClientError):
    """The gateway answered with a problem (RFC 9457).

    `code` is stable (docs/reference/errors.md); `detail` may say more; `retry_after` is in seconds.
    """

    def __init__(
        self, status: int, code: str, detail: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {code}" + (f": {detail}" if detail else ""))
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class NotFound(ApiError):
    """There is no such verification, or the token does not cover its app."""


class CursorExpired(ApiError):
    """The events behind this cursor are deleted. Look the verifications up, and follow from 0."""


class WebhookRejected(GatewayClientError):
    """The request is not a webhook of this gateway: answer 401 or 400 and do nothing.

    `reason`: `missing_header`, `bad_timestamp`, `too_old`, `too_new`, `bad_signature`, `not_json`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
