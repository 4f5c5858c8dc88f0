"""Parse `FACEID_REDIS_URL` to the arguments of a connection to Redis or Valkey."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from redis.asyncio import Connection, SSLConnection, UnixDomainSocketConnection

from adapters.configuration.did_you_mean import hint
from adapters.configuration.urls.url_parts import Host, UrlParts, check_file, shown, split_url
from adapters.configuration.visible import check_visible

_CLASSES: Final[dict[str, type[Connection | UnixDomainSocketConnection]]] = {
    "redis": Connection,
    "rediss": SSLConnection,
    "valkey": Connection,
    "valkeys": SSLConnection,
    "unix": UnixDomainSocketConnection,
}
_OURS: Final = frozenset(
    {
        "socket_timeout", "socket_connect_timeout", "socket_keepalive", "retry_on_timeout", "max_connections",
        "health_check_interval", "timeout", "decode_responses", "protocol", "encoding",
    }
)  # fmt: skip
"""Arguments of redis-py that the gateway sets itself, because its time-outs depend on them."""


@dataclass(frozen=True)
class RedisServer:
    """The class of a connection and its arguments, including the password."""

    connection_class: type[Connection | UnixDomainSocketConnection]
    arguments: dict[str, Any] = field(repr=False)


def read_redis_url(text: str) -> RedisServer:
    """A server from `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or `unix://`.

    Raises:
        ValueError: the problem, without any part of the URL.
    """
    parts = split_url(text, schemes=tuple(_CLASSES))
    kind = _CLASSES[parts.scheme]
    given = parts.parameters
    place = _socket(parts) if kind is UnixDomainSocketConnection else _address(parts, given)
    if parts.user and not parts.password:
        raise ValueError("names a user without a password: a password alone is written :PASSWORD@")
    credentials = {"username": parts.user, "password": parts.password}
    server = {**place, **{name: value for name, value in credentials.items() if value}}
    return RedisServer(kind, server | _read_arguments(given, tls=kind is SSLConnection))


def _address(parts: UrlParts, given: Mapping[str, str]) -> dict[str, Any]:
    if not parts.hosts:
        raise ValueError("names no host")
    if len(parts.hosts) > 1:
        raise ValueError("names several hosts: one is used")
    host: Host = parts.hosts[0]
    address = {"host": host.name, "port": host.port or 6379}
    number = parts.path.removeprefix("/")
    if not number:
        return address
    if "db" in given:
        raise ValueError("names a database by its path and by db")
    return address | {"db": _database(number)}


def _socket(parts: UrlParts) -> dict[str, Any]:
    if parts.hosts or len(parts.path) < 2:
        raise ValueError("must name a socket as unix:///PATH")
    return {"path": parts.path}


def _read_arguments(given: Mapping[str, str], *, tls: bool) -> dict[str, Any]:
    known = _PLAIN | _TLS
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        if name in _OURS:
            raise ValueError(f"{name} is set by the gateway, not by the URL")
        if name not in known:
            raise ValueError(f"{shown(name)} is not known{hint(name, known)}")
        if name in _TLS and not tls:
            raise ValueError(f"{name} needs rediss:// or valkeys://")
        arguments[name] = known[name](name, value)
    return _verified(arguments) if tls else arguments


def _verified(arguments: dict[str, Any]) -> dict[str, Any]:
    """Check the host name too: by default redis-py accepts a certificate of any other host."""
    verifies = arguments.get("ssl_cert_reqs", "required") != "none"
    if arguments.get("ssl_check_hostname") and not verifies:
        raise ValueError("ssl_check_hostname needs ssl_cert_reqs=required")
    return {"ssl_check_hostname": verifies} | arguments


def _database(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ValueError("the database must be a number: redis://HOST:PORT/0")
    return int(text)


def _read_flag(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false", "1", "0", "yes", "no"}:
        raise ValueError(f"{name} is not true or false")
    return value.lower() in {"true", "1", "yes"}


def _read_requirement(name: str, value: str) -> str:
    if value not in {"none", "optional", "required"}:
        raise ValueError(f"{name} is not one of none, optional, required")
    return value


def _read_text(name: str, value: str) -> str:
    try:
        return check_visible(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


_Reader = Callable[[str, str], object]
_PLAIN: Final[dict[str, _Reader]] = {
    "db": lambda _name, value: _database(value),
    "client_name": _read_text,
    "username": _read_text,
    "password": _read_text,
}
_TLS: Final[dict[str, _Reader]] = {
    "ssl_ca_certs": check_file,
    "ssl_certfile": check_file,
    "ssl_keyfile": check_file,
    "ssl_cert_reqs": _read_requirement,
    "ssl_check_hostname": _read_flag,
}
