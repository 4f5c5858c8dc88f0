"""Split the URLs of servers. No message repeats a part of a URL, since any part may be a password."""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from adapters.configuration.visible import check_visible

_AUTHORITY_ENDS: Final = re.compile(r"[/?#]")
_HOST: Final = re.compile(r"[\w.%-]+", re.ASCII)
_PARAMETER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,39}")
_ESCAPES: Final = "in a password / ? # @ are written %2F %3F %23 %40"


@dataclass(frozen=True)
class Host:
    """A host name, address or (percent-decoded) path; `port` None if the URL has none."""

    name: str
    port: int | None = None


@dataclass(frozen=True)
class UrlParts:
    """The parts of a URL, percent-decoded; `path` begins with a slash unless it is empty."""

    scheme: str
    hosts: tuple[Host, ...]
    path: str
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    parameters: dict[str, str] = field(default_factory=dict, repr=False)


def split_url(text: str, *, schemes: Collection[str]) -> UrlParts:
    """Split a URL. The part before the last @ of its authority is user and password.

    Raises:
        ValueError: the problem, without any part of the URL.
    """
    scheme, mark, rest = check_visible(text).partition("://")
    if not mark or scheme.lower() not in schemes:
        raise ValueError(f"must begin with {' or '.join(f'{each}://' for each in schemes)}")
    end = _AUTHORITY_ENDS.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    # An unescaped / ? or # in a password ends the authority too early, so an @ comes after it.
    if "@" in tail or "#" in tail:
        raise ValueError(f"has an @ or # behind the host; {_ESCAPES}")
    credentials, _, hosts = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    path, _, query = tail.partition("?")
    return UrlParts(
        scheme.lower(),
        tuple(_read_host(host) for host in hosts.split(",")) if hosts else (),
        _decoded(path),
        _decoded(user) or None,
        _decoded(password) or None,
        _read_parameters(query),
    )


def check_file(name: str, path: str) -> str:
    """The path itself. Raises ValueError if the parameter's file cannot be read."""
    try:
        with open(path, "rb"):
            return path
    except OSError as error:
        raise ValueError(f"{name} names a file that cannot be read ({error.strerror})") from None
    except ValueError:
        raise ValueError(f"{name} names no file") from None


def read_port(text: str) -> int:
    """A TCP port. Raises ValueError."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= 65535):
        raise ValueError(f"has no port from 1 to 65535 behind its host; {_ESCAPES}")
    return int(text)


def shown(name: str) -> str:
    """A parameter's name for a message, if it looks like one."""
    return name if _PARAMETER.fullmatch(name) else "a parameter"


def _read_host(text: str) -> Host:
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        try:
            name = str(ipaddress.IPv6Address(address))
        except ValueError:
            raise ValueError("has no IPv6 address between [ and ]") from None
        if port and not port.startswith(":"):
            raise ValueError("has something behind the ] that is no port")
        return Host(name, read_port(port[1:]) if port else None)
    name, colon, port = text.partition(":")
    if not _HOST.fullmatch(name):
        raise ValueError(f"names no host, or one that cannot be; {_ESCAPES}")
    return Host(_decoded(name), read_port(port) if colon else None)


def _read_parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, mark, value = part.partition("=")
        if not mark or not name:
            raise ValueError(f"has a parameter that is not NAME=VALUE; {_ESCAPES}")
        if name in parameters:
            raise ValueError(f"{shown(name)} occurs twice")
        parameters[name] = _decoded(value)
    return parameters


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("has a %-escape that is not UTF-8") from None
