"""Read a callback's form at byte level: exactly one `data`, exactly one `sign`, nothing guessed.

The signature covers the bytes of the decoded form value, so these must not change. Form readers of
frameworks decode to text first, use the last duplicate and trust the charset parameter. Here an urlencoded
body is split as in the URL standard; for multipart, python-multipart's push parser returns raw bytes.
"""

import binascii
from typing import Final, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from domain.errors import (
    DuplicateField,
    MalformedForm,
    MissingField,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

URLENCODED: Final = b"application/x-www-form-urlencoded"
MULTIPART: Final = b"multipart/form-data"
MAX_FIELDS: Final = 8
"""The vendor sends two; a few more are allowed so that an added parameter breaks nothing."""

_NO_ENCODING: Final = frozenset({b"", b"identity"})
_TOO_MANY: Final = f"the form has more than {MAX_FIELDS} fields"
_MAX_CONTENT_TYPE: Final = 256
_MAX_PART_HEADERS: Final = 8
_MAX_PART_HEADER_BYTES: Final = 1024
_IDENTITY_ENCODINGS: Final = frozenset({b"7bit", b"8bit", b"binary"})
"""Transfer encodings that leave the bytes as they are (RFC 2045, 6.2); .NET and Java name them."""


class SignedForm(NamedTuple):
    """The two fields of a callback: the signed bytes and the claimed signature."""

    data: bytes
    sign: bytes


def read_form(content_type: bytes, body: bytes, *, content_encoding: bytes = b"") -> SignedForm:
    """The `data` and `sign` of a form body.

    A `Content-Encoding` matters only if the body is not a form: some senders put a charset there, and some
    proxies inflate a body and leave the header. Compressed bodies are not read; the vendor sends none.

    Raises:
        UnsupportedEncoding: the body is not a form and has a Content-Encoding.
        UnsupportedMediaType: `content_type` is neither of the two form types.
        MalformedForm: broken escapes, broken multipart, a file part, too many fields.
        DuplicateField: `data` or `sign` twice.
        MissingField: `data` or `sign` absent or empty.
    """
    try:
        return _read_form(content_type, body)
    except (MalformedForm, MissingField):
        if content_encoding.strip().lower() in _NO_ENCODING:
            raise
        raise UnsupportedEncoding("the body is encoded") from None


def _read_form(content_type: bytes, body: bytes) -> SignedForm:
    media_type = content_type.split(b";", 1)[0].strip().lower()
    if media_type == URLENCODED:
        fields = _read_urlencoded(body)
    elif media_type == MULTIPART:
        fields = _read_multipart(content_type, body)
    else:
        raise UnsupportedMediaType("the callback must be a form")
    return SignedForm(_only(fields, b"data"), _only(fields, b"sign"))


def _only(fields: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    values = [value for field, value in fields if field == name]
    if len(values) > 1:
        raise DuplicateField(f"the form has more than one field {name.decode()!r}")
    if not values or not values[0]:
        raise MissingField(f"the form has no field {name.decode()!r}")
    return values[0]


def _read_urlencoded(body: bytes) -> list[tuple[bytes, bytes]]:
    # A line end after the body comes from a file or a terminal, as with `curl --data-binary @file`.
    body = body.rstrip(b"\r\n")
    fields = body.split(b"&", MAX_FIELDS)
    if b"" in fields or len(fields) > MAX_FIELDS:
        fields = _without_empty(body).split(b"&", MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        raise MalformedForm(_TOO_MANY)
    pairs = [field.partition(b"=") for field in fields]
    return [(_unquote_plus(name), _unquote_plus(value)) for name, _, value in pairs]


def _without_empty(body: bytes) -> bytes:
    """The body without empty fields between two `&`, each of which would cost a list entry."""
    while b"&&" in body:
        body = body.replace(b"&&", b"&")
    return body.strip(b"&")


_TO_QUOTED_PRINTABLE: Final = bytes.maketrans(b"+%", b" =")


def _unquote_plus(value: bytes) -> bytes:
    """Percent-decode bytes.

    Quoted-printable differs from percent-encoding only in its escape character, and its decoder is written
    in C: it takes a twentieth of the time of `urllib.parse.unquote_to_bytes`. Line ends and `=` are special
    in it, so they are escaped first. It leaves the escape character of a broken escape in its output.
    """
    if b"%" not in value and b"+" not in value:
        return value
    for special, escape in _SPECIAL:
        if special in value:
            value = value.replace(special, escape)
    decoded = binascii.a2b_qp(value.translate(_TO_QUOTED_PRINTABLE))
    # The decoder keeps the escape character of a broken escape, unless it is the last byte.
    suspicious = b"=" in decoded or value.endswith(b"%")
    if suspicious and len(decoded) != len(value) - 2 * value.count(b"%"):
        raise MalformedForm("a percent escape is broken")
    return decoded


_SPECIAL: Final = ((b"=", b"%3D"), (b"\n", b"%0A"), (b"\r", b"%0D"))


def _read_multipart(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    if len(content_type) > _MAX_CONTENT_TYPE:
        raise MalformedForm("the content type is too long")
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise MalformedForm("the multipart boundary is missing")
    # The parser goes through each text that looks like a delimiter byte by byte.
    if body.count(b"\r\n--" + boundary) > MAX_FIELDS:
        raise MalformedForm(_TOO_MANY)
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.on_start,
                "on_header_begin": parts.on_header_begin,
                "on_header_field": parts.on_header_field,
                "on_header_value": parts.on_header_value,
                "on_header_end": parts.on_header_end,
                "on_headers_finished": parts.on_headers_finished,
                "on_part_data": parts.on_value,
                "on_part_end": parts.on_end,
                "on_end": parts.on_all_read,
            },
            max_header_count=_MAX_PART_HEADERS,
            max_header_size=_MAX_PART_HEADER_BYTES,
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise MalformedForm("the multipart body is broken") from None
    if not parts.complete:
        raise MalformedForm("the multipart body is cut off")
    return parts.read


class _Parts:
    """Collect the output of the push parser; each part must be a plain field."""

    def __init__(self) -> None:
        self.read: list[tuple[bytes, bytes]] = []
        self.complete = False
        self._name = b""
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._field = bytearray()
        self._content = bytearray()

    def on_start(self) -> None:
        if len(self.read) == MAX_FIELDS:
            raise MalformedForm(_TOO_MANY)
        self._value.clear()
        self._headers = {}

    def on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_end(self) -> None:
        self.read.append((self._name, bytes(self._value)))

    def on_header_begin(self) -> None:
        self._field.clear()
        self._content.clear()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def on_header_end(self) -> None:
        field = bytes(self._field).lower()
        if field in self._headers:
            raise MalformedForm("a multipart header occurs twice")
        self._headers[field] = bytes(self._content)

    def on_headers_finished(self) -> None:
        header = self._headers.get(b"content-disposition", b"")
        disposition, options = parse_options_header(header)
        if disposition != b"form-data" or b"name" not in options:
            raise MalformedForm("a multipart part is not a form field")
        # The vendor sends no files, and no encodings that would change the signed bytes.
        if b"filename" in header.lower() or b"*=" in header:
            raise MalformedForm("a multipart part is a file")
        encoding = self._headers.get(b"content-transfer-encoding", b"binary").strip().lower()
        if encoding not in _IDENTITY_ENCODINGS:
            raise MalformedForm("a multipart part is encoded")
        self._name = options[b"name"]

    def on_all_read(self) -> None:
        self.complete = True
