"""Why there was no answer, as a word, and whose fault it is."""

import errno
import ssl
from typing import Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from adapters.outbound.webhooks.connector import RefusedAddress
from adapters.outbound.webhooks.tls import BadCertificate
from domain.events.webhooks.way import Fault, NotSent

_OUR_MACHINE: Final = frozenset(
    {
        errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL, errno.ENETDOWN,
        errno.ENETUNREACH,
    }
)  # fmt: skip
_REFUSED: Final = NotSent(Fault.RECEIVER, "refused_address")
_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], NotSent], ...]] = (
    ((TimeoutError,), NotSent(Fault.RECEIVER, "timeout")),
    ((BadCertificate,), NotSent(Fault.RECEIVER, "bad_certificate")),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), NotSent(Fault.PROXY, "proxy")),
    ((aiohttp.ClientConnectorDNSError,), NotSent(Fault.DNS, "dns")),
    ((aiohttp.InvalidURL,), _REFUSED),
    ((aiohttp.ClientSSLError, ssl.SSLError), NotSent(Fault.RECEIVER, "tls")),
    ((aiohttp.ServerDisconnectedError, ConnectionError), NotSent(Fault.RECEIVER, "reset")),
    (
        (aiohttp.ClientPayloadError, aiohttp.ClientResponseError, HttpProcessingError),
        NotSent(Fault.RECEIVER, "bad_answer"),
    ),
)
"""The first matching line counts, since some types are subclasses of later ones."""


def not_sent(error: Exception) -> NotSent:
    """The failure for an exception of aiohttp; an unknown one counts as our own fault."""
    for kinds, meaning in _MEANINGS:
        if isinstance(error, kinds):
            return meaning
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error.os_error)
    if isinstance(error, aiohttp.ClientOSError):
        return NotSent(Fault.RECEIVER, "reset")
    return NotSent(Fault.OURS, type(error).__name__)


def _not_connected(error: OSError) -> NotSent:
    if isinstance(error, RefusedAddress):
        return _REFUSED
    if error.errno in _OUR_MACHINE:
        return NotSent(Fault.OURS, errno.errorcode[error.errno].lower())
    if isinstance(error, ConnectionRefusedError):
        return NotSent(Fault.RECEIVER, "connection_refused")
    # It accepted, and ended the connection before TLS was agreed.
    return NotSent(Fault.RECEIVER, "reset" if isinstance(error, ConnectionError) else "unreachable")
