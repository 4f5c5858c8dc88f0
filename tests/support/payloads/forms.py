"""Form bodies, well built by hand and then wrong in one way at a time."""

from collections.abc import Iterable
from urllib.parse import urlencode

URLENCODED = b"application/x-www-form-urlencoded"
BOUNDARY = b"----7d9fFormEdge"
MULTIPART = b"multipart/form-data; boundary=" + BOUNDARY
SIGN = b"baa3ea9461d77a7e9a68d29c4f9e919649fd8a62"


def urlencoded(data: bytes, sign: bytes = SIGN) -> bytes:
    """As the capture: `urllib.parse.urlencode`."""
    return urlencode({"data": data, "sign": sign}).encode()


def named(name: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"'


def part(headers: bytes | Iterable[bytes], value: bytes) -> bytes:
    lines = [headers] if isinstance(headers, bytes) else list(headers)
    return b"--" + BOUNDARY + b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def signed_multipart(data: bytes, sign: bytes = SIGN) -> bytes:
    return multipart(part(named(b"data"), data), part(named(b"sign"), sign))
