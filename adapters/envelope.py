"""Encryption at rest: AES-256-GCM under keys that the master keys protect.

A master key is never used directly: two subkeys are derived from it, one that wraps data keys (one data
key per verification, so that deleting the wrapped key erases the person) and one for batches in Redis.

Sealed bytes are `nonce (12) ‖ ciphertext ‖ tag (16)`; what a master key protects has its key id (8) in
front, so that the newest key seals and every configured key opens.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import BrokenSeal

Packed = TypeVar("Packed")

_NONCE: Final = 12
_KEY_ID: Final = 8


def seal(key: bytes, plaintext: bytes, *, place: str) -> bytes:
    """Encrypt under a 32-byte key; `place` (app, table, column, row) is bound to the ciphertext."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, place.encode())


def unseal(key: bytes, sealed: bytes, *, place: str) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        BrokenSeal: another key, another place, or changed bytes.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError):
        raise BrokenSeal(f"{place.split('/', 1)[0]}: the sealed bytes do not open") from None


def unseal_packed(key: bytes, sealed: bytes, *, place: str, kind: type[Packed]) -> Packed:
    """What stands sealed as MessagePack.

    Raises:
        BrokenSeal: as `unseal`, and for what a newer version has packed another way.
    """
    opened = unseal(key, sealed, place=place)
    try:
        return msgspec.msgpack.decode(opened, type=kind)
    except msgspec.DecodeError as error:
        raise BrokenSeal(f"{place.split('/', 1)[0]}: {type(error).__name__}") from None


def place_of(app_id: str, column: str, row: object) -> str:
    """Where sealed bytes stand (`callbacks.raw_ct` of which app and row), so that they open nowhere else."""
    return f"{column}/{app_id}/{row}"


class KeyRing:
    """The master keys, newest first: the first one seals, all of them open."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        self._keys = {hashlib.sha256(b"key id" + key).digest()[:_KEY_ID]: key for key in master_keys}
        self._wrapping = {key_id: _subkey(key, b"wrap") for key_id, key in self._keys.items()}
        self._newest = next(iter(self._keys))

    def ids(self) -> list[str]:
        """What tells the master keys apart without telling them, newest first."""
        return [key_id.hex() for key_id in self._keys]

    def new_data_key(self, *, place: str) -> tuple[bytes, bytes]:
        """A fresh data key and its wrapped form."""
        data_key = os.urandom(32)
        return data_key, self._newest + seal(self._wrapping[self._newest], data_key, place=place)

    def unwrap_data_key(self, wrapped: bytes | None, *, place: str) -> bytes:
        """The data key in `wrapped`; None: it was deleted, to erase the person. Raises BrokenSeal."""
        if wrapped is None:
            raise BrokenSeal(f"{place.split('/', 1)[0]}: deleted")
        return unseal(_key_for(wrapped, self._wrapping), wrapped[_KEY_ID:], place=place)

    def seal_batch(self, batch_id: str, plaintext: bytes) -> bytes:
        """Encrypt one batch. Each batch has a key of its own, so that no nonce count ever runs out."""
        master = self._keys[self._newest]
        return self._newest + seal(_subkey(master, _batch_label(batch_id)), plaintext, place=batch_id)

    def unseal_batch(self, batch_id: str, sealed: bytes) -> bytes:
        """Decrypt what `seal_batch` made. Raises BrokenSeal."""
        key = _subkey(_key_for(sealed, self._keys), _batch_label(batch_id))
        return unseal(key, sealed[_KEY_ID:], place=batch_id)


def _key_for(sealed: bytes, keys: Mapping[bytes, bytes]) -> bytes:
    try:
        return keys[sealed[:_KEY_ID]]
    except KeyError:
        raise BrokenSeal("sealed with a master key that is not configured") from None


def _batch_label(batch_id: str) -> bytes:
    return b"batch " + batch_id.encode()


def _subkey(master: bytes, label: bytes) -> bytes:
    return hmac.digest(master, b"faceid-gateway/1 " + label, "sha256")
