"""Raw callbacks and answers as PostgreSQL has them: compressed with a dictionary, then sealed.

A payload of 3 kB takes 0.4 kB: most of it is the vendor's names, and the dictionary has those. Without one it
takes 1.1 kB (docs/decisions/0030).

The place of the seal names the compression. So a version that does not know it cannot open the bytes, and
never takes compressed bytes for the vendor's.
"""

from pathlib import Path
from typing import Final

import zstandard

from domain.errors import BrokenSeal
from domain.verifications.lease import DataKey

FORMAT: Final = "zstd-vendor-1"
"""Names the compression with its dictionary, in the seal's place and in heartbeats."""

MOST: Final = 256 * 1024
"""Longer bytes are sealed as they are. They are pictures, which compress little, and take long."""

_LEVEL: Final = 3


def seal_raw(key: DataKey, raw: bytes, *, place: str, compress: bool) -> bytes:
    """Seal, compressed if `compress` and not too long; `place` as for `DataKey.seal`."""
    if not compress or len(raw) > MOST:
        return key.seal(raw, place=place)
    return key.seal(_compressor.compress(raw), place=_compressed(place))


def open_raw(key: DataKey, sealed: bytes, *, place: str) -> bytes:
    """The bytes that `seal_raw` sealed, or that `DataKey.seal` sealed in this place. Raises BrokenSeal."""
    try:
        packed = key.unseal(sealed, place=_compressed(place))
    except BrokenSeal:
        return key.unseal(sealed, place=place)
    try:
        return _decompressor.decompress(packed)
    except zstandard.ZstdError:
        raise BrokenSeal(f"{place.split('/', 1)[0]}: the bytes do not decompress") from None


def _compressed(place: str) -> str:
    return f"{place}/{FORMAT}"


_DICTIONARY: Final = zstandard.ZstdCompressionDict(
    Path(__file__).with_name("vendor_1.dict").read_bytes(), dict_type=zstandard.DICT_TYPE_RAWCONTENT
)
_DICTIONARY.precompute_compress(level=_LEVEL)

# The seal has a checksum, and its place names the dictionary.
_compressor: Final = zstandard.ZstdCompressor(
    level=_LEVEL, dict_data=_DICTIONARY, write_checksum=False, write_dict_id=False
)
_decompressor: Final = zstandard.ZstdDecompressor(dict_data=_DICTIONARY)
