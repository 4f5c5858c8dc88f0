"""How a batch stands in a segment: mark, length, CRC32C, batch id, sealed bytes.

The mark makes the next frame findable behind a damaged one. The CRC covers the length too, and no frame is
empty, so that the zeros which a power cut may leave at the end of a file are no frames.
"""

import struct
from typing import Final

import google_crc32c
import msgspec

MARK: Final = b"\xf5SP1"
_HEAD: Final = struct.Struct("<4sII")
_LENGTH: Final = struct.Struct("<I")
_BATCH_ID: Final = 16


class Frame(msgspec.Struct, frozen=True):
    """One batch: its id (32 hex digits) and its bytes as they will stand in the inbox."""

    batch_id: str
    sealed: bytes


class Scan(msgspec.Struct, frozen=True):
    """What a segment holds: its whole frames in order, where the last of them ends, and how many bytes
    before that end belong to none."""

    frames: list[Frame]
    end: int
    damaged: int


def encode_frame(frame: Frame) -> bytes:
    """The bytes of one frame."""
    body = bytes.fromhex(frame.batch_id) + frame.sealed
    return _HEAD.pack(MARK, len(body), _checksum(body)) + body


def scan_frames(content: bytes) -> Scan:
    """Every whole frame in `content`, whatever stands between and behind them."""
    frames: list[Frame] = []
    offset = end = whole = 0
    while offset >= 0:
        found = _frame_at(content, offset)
        if found is None:
            offset = content.find(MARK, offset + 1)
            continue
        frame, size = found
        frames.append(frame)
        whole += size
        offset = end = offset + size
    return Scan(frames, end, end - whole)


def _frame_at(content: bytes, offset: int) -> tuple[Frame, int] | None:
    start = offset + _HEAD.size
    if len(content) < start:
        return None
    mark, length, checksum = _HEAD.unpack_from(content, offset)
    body = content[start : start + length]
    if mark != MARK or length <= _BATCH_ID or len(body) != length or checksum != _checksum(body):
        return None
    return Frame(body[:_BATCH_ID].hex(), body[_BATCH_ID:]), _HEAD.size + length


def _checksum(body: bytes) -> int:
    return int(google_crc32c.extend(google_crc32c.value(_LENGTH.pack(len(body))), body))
