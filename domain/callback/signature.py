"""Prove that a callback is genuine: `sign = hex(hash(API_SECRET + data))`, lower case (callback page, 1.1).

A plain hash over secret and data can be *extended*: with one signed body, an attacker can append bytes and
compute a valid signature without the secret. This check therefore only proves that the sender has seen a
signed body; `domain.callback.strict_json` on the same raw bytes refuses the extension.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from domain.errors import BadSignature

HashName = Literal["sha1", "sha256"]
"""sha1 for FaceID H5; the sibling product "Plus" signs the same string with sha256."""

_HASHES: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_DUMMY_SECRET: Final = b"what no app has is checked against this"
_SHAPES: Final[dict[HashName, re.Pattern[bytes]]] = {
    "sha1": re.compile(rb"[0-9a-f]{40}"),
    "sha256": re.compile(rb"[0-9a-f]{64}"),
}


def sign_data(data: bytes, secret: bytes, *, hash_name: HashName = "sha1") -> bytes:
    """The vendor's signature of `data` (the decoded form value, bytes as sent), as lower-case hex."""
    return _HASHES[hash_name](secret + data, usedforsecurity=False).hexdigest().encode()


def refusal_hashes(signers: Iterable[tuple[HashName, int]]) -> dict[HashName, int]:
    """How many hashes of each name every refusal costs: as many as any app needs.

    `signers`: the hash and the number of secrets of each app.
    """
    most: dict[HashName, int] = {"sha1": 1}
    for hash_name, secrets in signers:
        most[hash_name] = max(most.get(hash_name, 0), secrets)
    return most


def verify_signature(
    data: bytes,
    sign: bytes,
    *,
    secrets: Sequence[bytes],
    hash_name: HashName = "sha1",
    refusal: Mapping[HashName, int] = MappingProxyType({"sha1": 1}),
) -> int:
    """Index of the secret that signed `data`.

    `secrets` are the app's active ones, newest first; empty for an unknown app. A refusal costs the hashes
    in `refusal` (see `refusal_hashes`), whatever the app: its timing does not reveal whether the app exists
    or how many secrets it has.

    Raises:
        BadSignature: no secret matches, or `sign` is not lower-case hex of the hash's length.
    """
    # compare_digest raises on non-ASCII text, so the shape is checked on bytes before it.
    well_formed = _SHAPES[hash_name].fullmatch(sign) is not None
    candidate = sign if well_formed else b""
    matched = -1
    for index, secret in enumerate(secrets):
        equal = hmac.compare_digest(sign_data(data, secret, hash_name=hash_name), candidate)
        if equal and matched < 0:
            matched = index
    if matched < 0:
        for name, count in refusal.items():
            for _ in range(count - (len(secrets) if name == hash_name else 0)):
                sign_data(data, _DUMMY_SECRET, hash_name=name)
        raise BadSignature("the sign does not match")
    return matched
