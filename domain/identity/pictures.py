"""The pictures in a result: taken out before it is stored, so that they can be kept apart.

A result has them as data URIs of base64, in its member `images` (docs/protocol.md, 4). What is taken out
leaves its digest in the result.
"""

import base64
import binascii
import hashlib
import re
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.callback.strict_json import read_closely, read_members
from domain.errors import MalformedPayload

OTHER: Final = "application/octet-stream"
"""The media type of what has not the first bytes of a known picture."""

_SHORTEST: Final = 200
"""Characters. A shorter text in `images` is no picture unless it says so."""

_DATA_URI: Final = re.compile(r"data:\s*[\w.+/-]*(?:;[\w=.+-]+)*;base64,")
_LEFT: Final = re.compile(rb"data:[\s\w.+/\\;=-]{0,80};base64,[A-Za-z0-9+/=_\\-]*")
_RUN: Final = re.compile(rb"[A-Za-z0-9+/=_\\-]{200,}")
_MAGIC: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


class Picture(msgspec.Struct, frozen=True):
    """A picture of a result. `name`: the vendor's, such as `image_best`. `content`: its bytes."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"Picture({len(self.content)} bytes)"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.content).digest()

    @property
    def media_type(self) -> str:
        """By the first bytes, whatever the vendor says."""
        if self.content[:4] == b"RIFF" and self.content[8:12] == b"WEBP":
            return "image/webp"
        return next((kind for magic, kind in _MAGIC.items() if self.content.startswith(magic)), OTHER)


class StoredPicture(msgspec.Struct, frozen=True):
    """A picture in the store: what call `n` brought as number `position`. `size`: bytes of the picture.

    `name` has at most 64 characters, and is the vendor's: it is no path.
    """

    n: int
    position: int
    name: str
    media_type: str
    size: int

    @property
    def piece(self) -> str:
        """Its name in the store, beside the verification's id."""
        return f"{self.n}-{self.position}"


class LeftPieces(msgspec.Struct, frozen=True):
    """Pieces of one verification that are to be deleted."""

    verification_id: UUID
    pieces: list[str]


LONGEST_NAME: Final = 64


def described(picture: Picture, *, n: int, position: int) -> StoredPicture:
    """What the database keeps of a picture."""
    size, name = len(picture.content), picture.name[:LONGEST_NAME].replace("\0", "\ufffd")
    return StoredPicture(n, position, name, picture.media_type, size)


def place_of_picture(app_id: str, verification_id: UUID, picture: StoredPicture) -> str:
    """The place that is bound to a sealed picture: it opens as no other one."""
    return f"pictures/{app_id}/{verification_id}/{picture.piece}/{picture.name}"


def take_pictures(body: bytes) -> tuple[bytes, list[Picture]]:
    """A result without its pictures, and the pictures.

    All other bytes stay as they are. Of a body that is no JSON object, every long run of base64 goes; so does
    a picture that stands where none is expected.
    """
    try:
        members = read_members(body)
    except MalformedPayload:
        return without_runs(body), []
    pictures: list[Picture] = []
    for name, raw in members.items():
        if name.strip() == "images" or name.strip().startswith("image_"):
            body = body.replace(bytes(raw), _without(name.strip(), bytes(raw), pictures))
    return _LEFT.sub(b"[picture]", body), pictures


def without_runs(body: bytes) -> bytes:
    """The bytes without any long run of base64, whatever they are."""
    return _RUN.sub(b"[base64]", body)


def _without(name: str, raw: bytes, pictures: list[Picture]) -> bytes:
    """The member's value with digests in the place of its pictures, which are added to `pictures`."""
    before = len(pictures)
    value = _replaced("" if name == "images" else name, read_closely(raw), pictures)
    return raw if len(pictures) == before else msgspec.json.encode(value)


def _replaced(name: str, value: Any, pictures: list[Picture]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(_joined(name, key), each, pictures) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(_joined(name, str(n)), each, pictures) for n, each in enumerate(value)]
    content = _content(value) if isinstance(value, str) else None
    if content is None:
        return value
    pictures.append(Picture(name, content))
    return f"sha256:{pictures[-1].digest.hex()}"


def _joined(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _content(text: str) -> bytes | None:
    """The bytes of a picture; those of the text itself if they cannot be decoded. None: it is no picture."""
    head = _DATA_URI.match(text)
    if head is None and len(text) < _SHORTEST:
        return None
    try:
        return base64.b64decode((text[head.end() :] if head else text) + "==")
    except (binascii.Error, ValueError):
        return text.encode()
