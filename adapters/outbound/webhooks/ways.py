"""Check how an endpoint is reached, when it is created or changed, so that a mistake shows at once.

What protects is the check at each connection: names may change afterwards.
"""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import AsyncResolver
from yarl import URL

from adapters.outbound.webhooks.connector import own_addresses
from adapters.outbound.webhooks.tls import BadCertificate, tls_context
from domain.events.webhooks.addresses import NOTHING, Allowed, is_refused
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.way import Way

_PATIENCE: Final = 3.0


class CheckedWays:
    """Checks URLs and certificates.

    `allowed`: the private targets that may be reached. `has_proxy`: an egress proxy resolves the names, so
    only addresses in URLs are checked.
    """

    def __init__(
        self,
        *,
        allowed: Allowed = NOTHING,
        has_proxy: bool = False,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = allowed
        self._has_proxy = has_proxy
        self._resolver = resolver
        self._own = own_addresses()

    async def check(self, way: Way) -> None:
        """Raises EndpointRefused: the address is refused, the name does not resolve, or a certificate is
        unusable.
        """
        _check_tls(way)
        host, port = _place_of(way.url)
        if self._allowed.has_name(way.url):
            return
        addresses = [host] if _is_literal(host) else await self._resolved(host, port)
        if any(is_refused(each, allowed=self._allowed, own=self._own) for each in addresses):
            raise EndpointRefused(Mistake.ADDRESS_REFUSED)

    async def _resolved(self, host: str, port: int) -> Collection[str]:
        """The addresses of a name; none if a proxy resolves it."""
        if self._has_proxy:
            return ()
        resolver = self._resolver or AsyncResolver()
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await resolver.resolve(host, port, socket.AF_UNSPEC)
        except (OSError, UnicodeError):
            raise EndpointRefused(Mistake.ADDRESS_UNRESOLVABLE) from None
        finally:
            if self._resolver is None:
                await resolver.close()
        return [each["host"] for each in found]


def _check_tls(way: Way) -> None:
    try:
        tls_context(way.ca, way.client_certificate)
    except BadCertificate:
        raise EndpointRefused(Mistake.CERTIFICATE_INVALID) from None


def _place_of(url: str) -> tuple[str, int]:
    """Host and port, as the sender reads them."""
    try:
        parts = URL(url, encoded=url.isascii())
    except ValueError:
        raise EndpointRefused(Mistake.URL_NOT_HTTP) from None
    # `host` would decode a punycode name, and raise an error for one that is none.
    return parts.raw_host or "", parts.port or 0


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
