"""The format of a batch in a segment: mark, length, CRC32C, batch id, sealed bytes.

The mark lets a reader find the next frame after a damaged one. The CRC covers the length too, and no frame is
empty, so zeros that a power cut may leave at the end of a file are not frames.

A batch id is 32 hex digits (mark `SP1`), or these, a dot and a number below 65,536 (`SP2`).
"""

import re
import struct
from typing import Final

import google_crc32c
import msgspec

MARK: Final = b"\xf5SP1"
NUMBERED: Final = b"\xf5SP2"
_EITHER: Final = re.compile(rb"\xf5SP[12]")
_SHAPE: Final = re.compile(r"([0-9a-f]{32})(?:\.(0|[1-9][0-9]{0,4}))?")
_HEAD: Final = struct.Struct("<4sII")
_LENGTH: Final = struct.Struct("<I")
_IDS: Final = {MARK: struct.Struct("<16s"), NUMBERED: struct.Struct("<16sH")}

HEAD_BYTES: Final = _HEAD.size + max(layout.size for layout in _IDS.values())
"""Bytes at the start of a segment that contain the id of its first batch."""


class Frame(msgspec.Struct, frozen=True):
    """One batch: its id and its bytes as in the inbox."""

    batch_id: str
    sealed: bytes


class Scan(msgspec.Struct, frozen=True):
    """The content of a segment: its complete frames in order, the end of the last one, and the number of
    bytes before that end that belong to no frame."""

    frames: list[Frame]
    end: int
    damaged: int


def encode_frame(frame: Frame) -> bytes:
    """The bytes of one frame. Raises ValueError or struct.error for an invalid id."""
    shape = _SHAPE.fullmatch(frame.batch_id)
    if shape is None:
        raise ValueError("this is no batch id")
    digits, number = bytes.fromhex(shape[1]), shape[2]
    mark = MARK if number is None else NUMBERED
    body = (digits if number is None else _IDS[mark].pack(digits, int(number))) + frame.sealed
    return _HEAD.pack(mark, len(body), _checksum(body)) + body


def scan_frames(content: bytes) -> Scan:
    """Every complete frame in `content`, whatever is between and after them."""
    frames: list[Frame] = []
    offset = end = whole = 0
    while offset >= 0:
        found = _frame_at(content, offset)
        if found is None:
            offset = _next_mark(content, offset + 1)
            continue
        frame, size = found
        frames.append(frame)
        whole += size
        offset = end = offset + size
    return Scan(frames, end, end - whole)


def first_batch_id(head: bytes) -> str | None:
    """The id of the first batch of a segment with these first `HEAD_BYTES`."""
    start = _HEAD.size
    if len(head) < HEAD_BYTES or head[: len(MARK)] not in _IDS:
        return None
    return _frame(head[: len(MARK)], head[start:]).batch_id


def _next_mark(content: bytes, start: int) -> int:
    found = _EITHER.search(content, start)
    return -1 if found is None else found.start()


def _frame_at(content: bytes, offset: int) -> tuple[Frame, int] | None:
    start = offset + _HEAD.size
    if len(content) < start:
        return None
    mark, length, checksum = _HEAD.unpack_from(content, offset)
    body = content[start : start + length]
    if mark not in _IDS or length <= _IDS[mark].size or len(body) != length or checksum != _checksum(body):
        return None
    return _frame(mark, body), _HEAD.size + length


def _frame(mark: bytes, body: bytes) -> Frame:
    layout = _IDS[mark]
    digits, *number = layout.unpack_from(body)
    batch_id = ".".join([digits.hex(), *map(str, number)])
    return Frame(batch_id, body[layout.size :])


def _checksum(body: bytes) -> int:
    return int(google_crc32c.extend(google_crc32c.value(_LENGTH.pack(len(body))), body))
