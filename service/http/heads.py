"""The head of a request: parse its fields, and serialise it."""

import urllib.parse
from collections.abc import Iterable
from typing import Any

import httptools

Headers = Iterable[tuple[bytes, bytes]]


class HeadTooLarge(Exception):
    """The head exceeds a cap. Ends the parsing; never leaves the protocol."""


def describe_request(scope: Any, parser: httptools.HttpRequestParser, target: bytes) -> str:
    """Fill in an ASGI scope and return the HTTP version. An exception makes the parser refuse the request."""
    parsed = httptools.parse_url(target)
    path = parsed.path.decode("ascii")
    version: str = parser.get_http_version()
    scope["method"] = parser.get_method().decode("ascii")
    scope["http_version"] = version
    scope["path"] = urllib.parse.unquote(path) if "%" in path else path
    scope["raw_path"] = parsed.path
    scope["query_string"] = parsed.query or b""
    return version


def declared_length(headers: Headers) -> int:
    """Content-Length, which the parser has checked; 0 without one."""
    return int(dict(headers).get(b"content-length", b"0"))


def size_of_head(target: bytes, headers: Headers) -> int:
    """The size of a head's fields in bytes."""
    return len(target) + sum(len(name) + len(value) for name, value in headers)


def head_without_upgrade(parser: httptools.HttpRequestParser, target: bytes, headers: Headers) -> bytes:
    """The parsed head as bytes, without the offer of an upgrade."""
    lines = b"".join(b"%b: %b\r\n" % header for header in headers if header[0] != b"upgrade")
    version = parser.get_http_version().encode()
    return b"%b %b HTTP/%b\r\n%b\r\n" % (parser.get_method(), target, version, lines)
