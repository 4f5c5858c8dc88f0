"""Whether an endpoint may be created or changed as wanted, as far as no network is needed."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from domain.events.webhooks.endpoint import EndpointPrivate, EndpointSettings
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.selection import matching_types

MAX_URL: Final = 2048
MAX_TYPES: Final = 32
MAX_HEADERS: Final = 20
MAX_HEADER_NAME: Final = 64
MAX_HEADER_VALUE: Final = 2048
MAX_PEM: Final = 64 * 1024
MAX_IN_FLIGHT: Final = 256
MAX_RATE: Final = 10_000
"""Attempts per second."""
MAX_PAUSES: Final = 20
MAX_PAUSE: Final = 2 * 86_400
"""Seconds between two attempts."""
MAX_TYPE: Final = 64
MAX_OVERLAP: Final = timedelta(days=30)
MAX_SECRETS: Final = 5
"""Secrets that are valid at once: each signs every event."""

_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_BLANK: Final = re.compile(r"[\s\\\x00-\x1f\x7f]")
_RESERVED: Final = frozenset(
    {"accept-encoding", "connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding",
     "upgrade"}
)  # fmt: skip
_RESERVED_FAMILIES: Final = ("content-", "proxy-", "webhook-")


def check_settings(settings: EndpointSettings) -> None:
    """Raises EndpointRefused: the URL cannot be used, or a type matches no event."""
    check_url(settings.url)
    for pattern in settings.types:
        if not matching_types([pattern]):
            raise EndpointRefused(Mistake.UNKNOWN_EVENT_TYPE)


def check_url(url: str) -> None:
    """Raises EndpointRefused: it is not http(s) with a host, or has credentials or a fragment."""
    parts = _parts(url)
    if parts is None or len(url) > MAX_URL or _BLANK.search(url):
        raise EndpointRefused(Mistake.URL_NOT_HTTP)
    if "@" in parts.netloc:
        raise EndpointRefused(Mistake.URL_WITH_CREDENTIALS)
    if "#" in url:
        raise EndpointRefused(Mistake.URL_WITH_FRAGMENT)


def check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """The names in lower case. Raises EndpointRefused: a header is reserved or malformed, or too many."""
    for position, (name, value) in enumerate(headers, start=1):
        if name in _RESERVED or name.startswith(_RESERVED_FAMILIES):
            raise EndpointRefused(Mistake.HEADER_RESERVED)
        if position > MAX_HEADERS or not _is_header(name, value):
            raise EndpointRefused(Mistake.HEADER_INVALID)


def check_rotation(private: EndpointPrivate, now: datetime) -> None:
    """Raises EndpointRefused: with a new secret, too many would be valid at once."""
    valid = sum(secret.until is None or secret.until > now for secret in private.secrets)
    if valid >= MAX_SECRETS:
        raise EndpointRefused(Mistake.TOO_MANY_SECRETS)


def _parts(url: str) -> SplitResult | None:
    """The URL's parts; None if it is not http(s) with a host and a port that exists."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _is_header(name: str, value: str) -> bool:
    return (
        len(name) <= MAX_HEADER_NAME
        and len(value) <= MAX_HEADER_VALUE
        and _TOKEN.fullmatch(name) is not None
        and (_VALUE.fullmatch(value) is not None)
    )
