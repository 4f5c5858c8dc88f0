"""Why an endpoint cannot be created or changed as wanted."""

from enum import StrEnum
from typing import Final

from domain.errors import GatewayError


class Mistake(StrEnum):
    """The stable codes, which are also problem codes of the api."""

    URL_NOT_HTTP = "url_not_http"
    URL_WITH_CREDENTIALS = "url_with_credentials"
    URL_WITH_FRAGMENT = "url_with_fragment"
    ADDRESS_REFUSED = "address_refused"
    ADDRESS_UNRESOLVABLE = "address_unresolvable"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    HEADER_RESERVED = "header_reserved"
    HEADER_INVALID = "header_invalid"
    CERTIFICATE_INVALID = "certificate_invalid"
    TOO_MANY_ENDPOINTS = "too_many_endpoints"
    TOO_MANY_SECRETS = "too_many_secrets"


MEANINGS: Final = {
    Mistake.URL_NOT_HTTP: "The URL is not http:// or https:// with a host",
    Mistake.URL_WITH_CREDENTIALS: "The URL has a user or a password: use a header instead",
    Mistake.URL_WITH_FRAGMENT: "The URL has a fragment (#)",
    Mistake.ADDRESS_REFUSED: "The URL leads to an address that webhooks are not sent to",
    Mistake.ADDRESS_UNRESOLVABLE: "The host of the URL cannot be resolved",
    Mistake.UNKNOWN_EVENT_TYPE: "A type matches no event",
    Mistake.HEADER_RESERVED: "A header is set by the gateway or by HTTP itself",
    Mistake.HEADER_INVALID: "A header is not a valid name with a value of printable ASCII",
    Mistake.CERTIFICATE_INVALID: "`ca` or `client_certificate` is not PEM that can be used",
    Mistake.TOO_MANY_ENDPOINTS: "The app has as many endpoints as it may have",
    Mistake.TOO_MANY_SECRETS: "Too many earlier secrets are still valid",
}
"""A short title for each, in plain text."""


class EndpointRefused(GatewayError):
    """The endpoint cannot be created or changed as wanted. The message never repeats input."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(MEANINGS[mistake])
        self.code = mistake.value
