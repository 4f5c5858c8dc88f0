"""All errors of the gateway in one tree, independent of HTTP.

    GatewayError
    ├── RefusedCallback          the answer to the sender has the reason, as `code`
    │   ├── MalformedForm
    │   ├── MissingField
    │   ├── DuplicateField
    │   ├── MalformedPayload
    │   ├── BadSignature
    │   ├── BodyTooLarge
    │   ├── BodyTimeout
    │   ├── UnsupportedMediaType
    │   ├── UnsupportedEncoding
    │   └── NotDurable
    ├── UndecodableCallback      genuine, but without a usable biz_id: a dead letter
    ├── NoToken                  get_token returned no token; `word` says why
    │   ├── VendorRefused            asking again would be refused again
    │   └── VendorUnavailable        later it may succeed
    ├── ServerAway               PostgreSQL or Redis cannot be used just now; later it may
    │   └── PicturesAway             the store of pictures cannot
    ├── RefusedValue             a value that the store cannot hold
    ├── BrokenSeal               stored bytes that no configured key decrypts
    ├── RedisFull                Redis has no memory left for retried dead letters
    ├── NoSuchLetter             a dead letter that does not exist, or belongs to another app
    ├── NoSuchEndpoint           a webhook endpoint that does not exist, or belongs to another app
    ├── EndpointExists           an endpoint with this id is there already
    ├── EndpointChanged          an endpoint that was changed since the caller has seen it
    ├── EndpointNotEnabled       an endpoint that is disabled or deleted, to which nothing can be sent again
    ├── NoSuchDelivery           a delivery that does not exist, or belongs to another app
    ├── EndpointRefused          an endpoint that cannot be created or changed (events/webhooks/mistakes.py)
    ├── AppNotConfigured         an app without the addresses that an order needs
    ├── RegistrationConflict     a verification that is registered or decided for another order
    ├── ExpiryOutOfBounds        a token that expired too long ago, or lives too long
    ├── PullRefused              no call may be spent now; `code` says why
    ├── CursorExpired            events behind a reader's cursor are deleted
    ├── UnknownEventType         a pattern that matches no type of events
    ├── EpochInUse               an epoch that data may still be put under, so it cannot be destroyed
    ├── SpoolRefused             a batch that the local disk did not take
    ├── SpoolBroken              an fsync that failed: the process has to end
    ├── AnchorFailed             a place outside did not keep the hash of a block of the audit
    ├── SettingsError            a setting that stops the start
    └── PolicyFileError          a policy file that is invalid

Each edge has one table that maps these to an HTTP status, a retry or a dead letter. No message repeats
input from a sender: it may be an ID number.
"""

from datetime import datetime, timedelta
from typing import ClassVar


class GatewayError(Exception):
    """Base of every error the gateway raises on purpose."""


class RefusedCallback(GatewayError):
    """A callback that is refused; `code` is the stable name of the reason (docs/reference/errors.md)."""

    code: ClassVar[str]


class MalformedForm(RefusedCallback):
    """The body is not a well-formed form."""

    code = "malformed_form"


class MissingField(RefusedCallback):
    """`data`, `sign` or `biz_id` is absent or empty."""

    code = "missing_field"


class DuplicateField(RefusedCallback):
    """`data` or `sign` appears more than once, so that two parsers could read two different bodies."""

    code = "duplicate_field"


class MalformedPayload(RefusedCallback):
    """Validly signed, but not exactly one strict UTF-8 JSON object."""

    code = "malformed_payload"


class BadSignature(RefusedCallback):
    """Wrong signature or unknown app; the sender cannot tell which."""

    code = "bad_signature"


class BodyTooLarge(RefusedCallback):
    """The body is over the cap."""

    code = "body_too_large"


class BodyTimeout(RefusedCallback):
    """The body did not arrive in time, counted from the request's first byte."""

    code = "request_timeout"


class UnsupportedMediaType(RefusedCallback):
    """Neither `application/x-www-form-urlencoded` nor `multipart/form-data`."""

    code = "unsupported_media_type"


class UnsupportedEncoding(RefusedCallback):
    """A `Content-Encoding`: the body is compressed."""

    code = "unsupported_encoding"


class NotDurable(RefusedCallback):
    """Neither Redis nor the spool can store the callback, so it is not acknowledged."""

    code = "not_durable"


class UndecodableCallback(GatewayError):
    """A genuine callback without a usable biz_id.

    `reason` is a stable word for lists and metrics; the message says where, never the value.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NoToken(GatewayError):
    """get_token returned no token; `word` is the vendor's stable error word, or one of ours.

    `argument` names the form field that the vendor objects to.
    """

    def __init__(self, word: str, *, argument: str | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.argument = argument


class VendorRefused(NoToken):
    """The vendor refuses the order, or its answer cannot be read."""


class VendorUnavailable(NoToken):
    """The vendor cannot be reached, is too slow, at fault or overloaded."""


class ServerAway(GatewayError):
    """PostgreSQL or Redis cannot be used right now; the same call may work later.

    `kind` is the name of the library's exception.
    """

    def __init__(self, kind: str = "") -> None:
        super().__init__(kind)
        self.kind = kind or type(self).__name__


class PicturesAway(ServerAway):
    """The store of pictures cannot be used just now. `detail`: why, for an operator; without a secret."""

    def __init__(self, detail: str) -> None:
        super().__init__()
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class RefusedValue(GatewayError):
    """A value that the store cannot hold."""


class BrokenSeal(GatewayError):
    """Encrypted bytes that no configured key decrypts, or that belong to another place."""


class RedisFull(GatewayError):
    """Redis has no memory left for a batch of retried letters, which all stay. `retried`: the number of
    letters in the batches before it."""

    def __init__(self, *, retried: int = 0) -> None:
        super().__init__(f"Redis is full; {retried} retried before")
        self.retried = retried


class NoSuchLetter(GatewayError):
    """The apps named have no such dead letter."""


class NoSuchEndpoint(GatewayError):
    """The apps named have no such webhook endpoint."""


class EndpointExists(GatewayError):
    """There is an endpoint with this id: the same order was done before."""


class EndpointChanged(GatewayError):
    """The endpoint was changed since the caller has seen it."""


class EndpointNotEnabled(GatewayError):
    """The endpoint is disabled or deleted: nothing is sent to it again."""


class TooManyDeliveries(GatewayError):
    """More deliveries than one call starts again, and nothing keeps those apart that end from now on."""

    def __init__(self, ended_before: datetime) -> None:
        super().__init__()
        self.ended_before = ended_before


class NoSuchDelivery(GatewayError):
    """The apps named have no such delivery."""


class AppNotConfigured(GatewayError):
    """The app has no notify_url or no return_url, so the api cannot order verifications for it."""


class RegistrationConflict(GatewayError):
    """The verification is registered or decided for another order, or belongs to another app."""


class ExpiryOutOfBounds(GatewayError):
    """A token that expired so long ago that the vendor keeps no result, or with an impossibly long life."""


class PullRefused(GatewayError):
    """No get_result call may be spent now.

    `code`: why, by a name of `domain.pulls.request`. `retry_after`: until asking again may help, if known.
    """

    def __init__(self, code: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class CursorExpired(GatewayError):
    """Events behind the reader's cursor are deleted. `deleted_to`: the cursor behind the deleted ones."""

    def __init__(self, deleted_to: int) -> None:
        super().__init__(f"deleted to {deleted_to}")
        self.deleted_to = deleted_to


class UnknownEventType(GatewayError):
    """A type, or a pattern of types, that matches none that exists."""


class EpochInUse(GatewayError):
    """The epoch has not ended long enough ago: a process may still put data under it."""


class SpoolRefused(GatewayError):
    """The spool did not take a batch and kept nothing of it: no space, or a failed write."""


class SpoolBroken(GatewayError):
    """An fsync of the spool failed. The content on disk is unknown until a new process reads it."""


class AnchorFailed(GatewayError):
    """A place outside did not keep the hash of a block of the audit; it is asked again at the next sweep."""


class SettingsError(GatewayError):
    """A missing or wrong setting; the message is one line that names it."""


class PolicyFileError(GatewayError):
    """A policy file that cannot be used; the message names file, line and key."""


def kind_of_error(error: BaseException) -> str:
    """A word for logs and metrics: the error's type, or the type of a library's exception."""
    return error.kind if isinstance(error, ServerAway) else type(error).__name__
