"""How the identity provider is reached: which addresses, through which proxy, with which certificates."""

import ssl
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import httpx2
from httpx_aiohttp.httpx2 import AiohttpTransport

from adapters.outbound.webhooks.connector import (
    RefusedAddress,
    guarded_connector,
    is_refused_literal,
    open_connector,
)
from adapters.outbound.webhooks.tls import tls_context
from adapters.people.oidc.way import ProviderWay
from domain.events.webhooks.addresses import Allowed, parse_allowed

_JSON: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "faceid-gateway"}


class ProviderTransport(httpx2.AsyncBaseTransport):
    """Connects to the issuer's own origin and to what the operator allows, whatever their addresses, and to
    other hosts at public addresses only: their names come from the provider's description.
    """

    def __init__(self, issuer: str, way: ProviderWay = ProviderWay()) -> None:  # noqa: B008 - immutable
        parts = urlsplit(issuer)
        own = parse_allowed([f"{parts.scheme}://{parts.netloc}"])
        allowed = way.allowed
        self._allowed = Allowed(allowed.networks, allowed.hosts, allowed.origins | own.origins)
        self._has_proxy = way.proxy is not None
        tls = tls_context(way.ca, None)
        self._open = _transport(way.proxy, tls, partial(open_connector, tls=tls))
        self._guarded = _transport(way.proxy, tls, partial(guarded_connector, self._allowed, tls=tls))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises RefusedAddress or httpx2.TransportError: it reached nobody, or not whole."""
        url = str(request.url)
        if self._allowed.has_name(url):
            return await self._open.handle_async_request(request)
        if not self._has_proxy:
            return await self._guarded.handle_async_request(request)
        if is_refused_literal(request.url.host, self._allowed):
            raise RefusedAddress("refused address")
        return await self._open.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._open.aclose()
        await self._guarded.aclose()


def _transport(
    proxy: str | None, tls: ssl.SSLContext, connector: Callable[[], aiohttp.TCPConnector]
) -> AiohttpTransport:
    """A transport that opens its connections inside the event loop."""
    through = None if proxy is None else httpx2.Proxy(proxy)
    return AiohttpTransport(verify=tls, proxy=through, client=lambda: _session(connector()))


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=_JSON)
