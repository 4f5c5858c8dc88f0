"""Connections to addresses that someone else names, each checked against the allowed networks.

The check runs when the socket is created, so no name, notation or DNS change can bypass it.
"""

import socket
import ssl
from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final

import aiohttp
import psutil
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import AsyncResolver

from domain.events.webhooks.addresses import NOTHING, Address, Allowed, is_refused

AddrInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]

_KEEPALIVE: Final = 15.0


class RefusedAddress(OSError):
    """Nothing may connect to this address."""


def open_connector(
    resolver: AbstractResolver | None = None, *, tls: ssl.SSLContext | None = None
) -> aiohttp.TCPConnector:
    """A connector for names that the operator allows, whatever their address. `tls` None: the requests say.

    Call it inside the event loop. The number of connections is limited by the requests under way.
    """
    return aiohttp.TCPConnector(
        limit=0, keepalive_timeout=_KEEPALIVE, resolver=resolver or AsyncResolver(), ssl=tls or True
    )


def guarded_connector(
    allowed: Allowed, resolver: AbstractResolver | None = None, *, tls: ssl.SSLContext | None = None
) -> aiohttp.TCPConnector:
    """A connector for public addresses and allowed networks, never for this machine's own addresses."""
    return aiohttp.TCPConnector(
        limit=0,
        keepalive_timeout=_KEEPALIVE,
        resolver=resolver or AsyncResolver(),
        ssl=tls or True,
        socket_factory=guard(allowed, own=own_addresses()),
    )


def is_refused_literal(host: str, allowed: Allowed) -> bool:
    """Whether the host of a URL is an address to which nothing may connect, not even through a proxy."""
    is_literal = ":" in host or host.replace(".", "").isdigit()
    return is_literal and is_refused(host, allowed=allowed)


def guard(allowed: Allowed = NOTHING, *, own: Collection[Address]) -> Callable[[AddrInfo], socket.socket]:
    """A socket factory that raises RefusedAddress for a refused address."""

    def make(info: AddrInfo) -> socket.socket:
        family, kind, proto, _, place = info
        if is_refused(str(place[0]), allowed=allowed, own=own):
            raise RefusedAddress("refused address")
        return socket.socket(family=family, type=kind, proto=proto)

    return make


def own_addresses() -> frozenset[Address]:
    """The addresses of this machine's interfaces."""
    found = (each.address for interface in psutil.net_if_addrs().values() for each in interface)
    return frozenset(filter(None, map(_as_address, found)))


def _as_address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
