"""Which addresses a webhook may be sent to: public ones, and those that the operator allows.

Sources: the IANA special-purpose registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4), and the metadata
addresses of AWS, Azure, Alibaba Cloud and Oracle Cloud.
"""

from collections.abc import Collection, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import urlsplit

import msgspec

from domain.errors import GatewayError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_REFUSED_V4: Final = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")


class BadAllowance(GatewayError):
    """An entry of the allow-list that is not a network, host or URL."""


class Allowed(msgspec.Struct, frozen=True):
    """Private targets that the operator allows.

    `networks`: by address · `hosts`: by name, at every port · `origins`: scheme, name and port together.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    origins: frozenset[tuple[str, str, int]] = frozenset()

    def has_name(self, url: str) -> bool:
        """Whether the URL's host or origin is allowed, whatever its address."""
        scheme, host, port = _origin(url)
        return host in self.hosts or (scheme, host, port) in self.origins

    def has_address(self, address: Address) -> bool:
        """Whether the address is in an allowed network."""
        return any(address in network for network in self.networks if network.version == address.version)


NOTHING: Final = Allowed()


def parse_allowed(entries: Iterable[str]) -> Allowed:
    """Networks (`10.0.0.0/8`, `10.1.2.3`), hosts (`crm.internal`) and URLs (`http://crm.internal:8080`).

    Raises:
        BadAllowance: an entry is none of these.
    """
    networks, hosts, origins = [], set(), set()
    for entry in entries:
        if "://" in entry:
            origins.add(_allowed_origin(entry))
        elif (network := _as_network(entry)) is not None:
            networks.append(network)
        else:
            hosts.add(_allowed_host(entry))
    return Allowed(tuple(networks), frozenset(hosts), frozenset(origins))


def is_refused(text: str, *, allowed: Allowed = NOTHING, own: Collection[Address] = ()) -> bool:
    """Whether nothing may connect to this address. `own`: the addresses of this machine."""
    try:
        address = ip_address(text)
    except ValueError:
        return True
    if allowed.has_address(address):
        return False
    return address in own or not _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    # An address that embeds another one (NAT64, 6to4) is as public as that one.
    if address in _NAT64:
        return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address in _SIX_TO_FOUR:
        return _is_public(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    if address not in _PUBLIC_V6:
        return False
    return not any(address in network for network in _REFUSED_V6)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, _name(parts.hostname or ""), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _name(host: str) -> str:
    return host.rstrip(".").lower()


def _allowed_origin(entry: str) -> tuple[str, str, int]:
    try:
        scheme, host, port = _origin(entry)
    except ValueError:
        raise BadAllowance(f"{entry!r} is not a URL") from None
    if scheme not in _DEFAULT_PORTS or not host or urlsplit(entry).path.strip("/"):
        raise BadAllowance(f"{entry!r} is not http:// or https:// with a host and no path")
    return scheme, host, port


def _as_network(entry: str) -> Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _allowed_host(entry: str) -> str:
    host = _name(entry)
    if not host or any(character in host for character in "/:*@ "):
        raise BadAllowance(f"{entry!r} is not a network, a host or a URL")
    return host
