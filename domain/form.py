"""Read a callback's form at byte level: exactly one `data`, exactly one `sign`, nothing guessed.

The signature covers the bytes of the decoded form value, so those bytes must come out as they were sent.
Framework form readers decode to text first, let the last duplicate win and trust the charset parameter;
python-multipart's push parsers hand out raw bytes instead.
"""

import binascii
from typing import Final, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, QuerystringParser, parse_options_header

from domain.errors import DuplicateField, MalformedForm, MissingField, UnsupportedMediaType

URLENCODED: Final = b"application/x-www-form-urlencoded"
MULTIPART: Final = b"multipart/form-data"
MAX_FIELDS: Final = 8
"""The vendor sends two; a few more are let pass so that an added parameter breaks nothing."""

_MAX_CONTENT_TYPE: Final = 256
_MAX_PART_HEADERS: Final = 8
_MAX_PART_HEADER_BYTES: Final = 1024


class SignedForm(NamedTuple):
    """The two fields of a callback, as the bytes that were signed and the claimed signature."""

    data: bytes
    sign: bytes


def read_form(content_type: bytes, body: bytes) -> SignedForm:
    """The `data` and `sign` of a form body.

    Raises:
        UnsupportedMediaType: `content_type` is neither of the two form types.
        MalformedForm: broken escapes, broken multipart, a file part, too many fields.
        DuplicateField: `data` or `sign` twice.
        MissingField: `data` or `sign` absent or empty.
    """
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


class _Fields:
    """Collects what a push parser hands out piece by piece."""

    def __init__(self) -> None:
        self.read: list[tuple[bytes, bytes]] = []
        self._name = bytearray()
        self._value = bytearray()

    def on_start(self) -> None:
        if len(self.read) == MAX_FIELDS:
            raise MalformedForm(f"the form has more than {MAX_FIELDS} fields")
        self._name.clear()
        self._value.clear()

    def on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_end(self) -> None:
        self.read.append((bytes(self._name), bytes(self._value)))


def _read_urlencoded(body: bytes) -> list[tuple[bytes, bytes]]:
    fields = _Fields()
    parser = QuerystringParser(
        {
            "on_field_start": fields.on_start,
            "on_field_name": fields.on_name,
            "on_field_data": fields.on_value,
            "on_field_end": fields.on_end,
        }
    )
    # A line end behind the body is a sender's file or terminal, as with `curl --data-binary @file`.
    parser.write(body.rstrip(b"\r\n"))
    parser.finalize()
    return [(_unquote_plus(name), _unquote_plus(value)) for name, value in fields.read]


def _unquote_plus(value: bytes) -> bytes:
    """Percent-decode bytes.

    Quoted-printable differs from percent-encoding in its mark alone, and its decoder is C: about 5 µs for
    a full callback, where `urllib.parse.unquote_to_bytes` takes 200 µs and more. It lets a broken escape
    pass, and then the result is longer than two bytes less per mark; a line end would mean something to it.
    """
    escaped = value.replace(b"+", b" ").replace(b"=", b"%3D")
    if b"\n" in escaped or b"\r" in escaped:
        escaped = escaped.replace(b"\n", b"%0A").replace(b"\r", b"%0D")
    marks = escaped.count(b"%")
    decoded = binascii.a2b_qp(escaped.replace(b"%", b"=")) if marks else escaped
    if len(decoded) != len(escaped) - 2 * marks:
        raise MalformedForm("a percent escape is broken")
    return decoded


def _read_multipart(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    if len(content_type) > _MAX_CONTENT_TYPE:
        raise MalformedForm("the content type is too long")
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise MalformedForm("the multipart boundary is missing")
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


class _Parts(_Fields):
    """Collects multipart parts; a part may be a plain field and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._field = bytearray()
        self._content = bytearray()

    def on_start(self) -> None:
        super().on_start()
        self._headers = {}

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
            raise MalformedForm("a multipart header stands twice")
        self._headers[field] = bytes(self._content)

    def on_headers_finished(self) -> None:
        header = self._headers.get(b"content-disposition", b"")
        disposition, options = parse_options_header(header)
        if disposition != b"form-data" or b"name" not in options:
            raise MalformedForm("a multipart part is not a form field")
        # A file, or an encoding that would change the signed bytes, is not what the vendor sends.
        if b"filename" in header.lower() or b"*=" in header:
            raise MalformedForm("a multipart part is a file")
        if b"content-transfer-encoding" in self._headers:
            raise MalformedForm("a multipart part is encoded")
        self._name += options[b"name"]

    def on_all_read(self) -> None:
        self.complete = True
