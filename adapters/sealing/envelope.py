"""Encryption at rest: AES-256-GCM with keys that the master keys protect.

A master key is never used directly: subkeys are derived from it, one that wraps data keys and epoch keys, and
one for each batch in Redis. The data key of a verification or a dead letter is wrapped by its epoch's key
(adapters/keys/data_keys.py), which is not in the database; that of an endpoint, by the master key.

Deleting a wrapped key alone erases nobody: a backup brings it back. Destroying the epoch does, and so does
the erasure ledger beside the epoch keys, which is applied to a restored backup before it is served.

Sealed bytes are `nonce (12) ‖ ciphertext ‖ tag (16)`. Bytes sealed by a master key begin with its key id
(8): the newest key encrypts, and every configured key decrypts.
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
from domain.verifications.lease import DataKey

Key = TypeVar("Key")
Packed = TypeVar("Packed")

_NONCE: Final = 12
_TAG: Final = 16
_KEY: Final = 32
_KEY_ID: Final = 8
WRAPPED: Final = _NONCE + _KEY + _TAG
"""Bytes of a wrapped key."""
WRAPPED_BY_MASTER: Final = _KEY_ID + WRAPPED
"""Bytes of a key that a master key wrapped."""


class SealingKey:
    """A 32-byte key that encrypts and decrypts. Its bytes cannot be read, printed or serialized."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "SealingKey(...)"

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        """Encrypt; `place` (column, app, row) is bound to the ciphertext."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plaintext, place.encode())

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt the output of `seal`.

        Raises:
            BrokenSeal: another key, another place, or changed bytes.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError):
            raise BrokenSeal(f"{place.split('/', 1)[0]}: the sealed bytes do not open") from None


def new_key_under(wrapping: SealingKey, *, place: str) -> tuple[SealingKey, bytes]:
    """A fresh key and its form wrapped by another key."""
    key = os.urandom(_KEY)
    return SealingKey(key), wrapping.seal(key, place=place)


def open_key_under(wrapping: SealingKey, wrapped: bytes, *, place: str) -> SealingKey:
    """The key that `new_key_under` wrapped. Raises BrokenSeal."""
    return SealingKey(wrapping.unseal(wrapped, place=place))


def unseal_packed(key: DataKey, sealed: bytes, *, place: str, kind: type[Packed]) -> Packed:
    """Open and decode sealed MessagePack.

    Raises:
        BrokenSeal: as `unseal`, also for another format of a newer version.
    """
    opened = key.unseal(sealed, place=place)
    try:
        return msgspec.msgpack.decode(opened, type=kind)
    except msgspec.DecodeError as error:
        raise BrokenSeal(f"{place.split('/', 1)[0]}: {type(error).__name__}") from None


def place_of(app_id: str, column: str, row: object) -> str:
    """The place of sealed bytes (column such as `callbacks.raw_ct`, app, row); they decrypt nowhere else."""
    return f"{column}/{app_id}/{row}"


class MasterKey:
    """Derives the keys that encrypt. Its bytes cannot be read or printed."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "MasterKey(...)"

    def subkey(self, label: bytes) -> SealingKey:
        """The key for one purpose."""
        return SealingKey(self._derive(label))

    def sign(self, label: bytes, content: bytes) -> bytes:
        """HMAC-SHA256 of `content` under the key for one purpose."""
        return hmac.digest(self._derive(label), content, "sha256")

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._key, b"faceid-gateway/1 " + label, "sha256")


class KeyRing:
    """The master keys, newest first: the first one encrypts, all of them decrypt."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        self._keys = {
            hashlib.sha256(b"key id" + key).digest()[:_KEY_ID]: MasterKey(key) for key in master_keys
        }
        self._wrapping = {key_id: key.subkey(b"wrap") for key_id, key in self._keys.items()}
        self._newest = next(iter(self._keys))

    def ids(self) -> list[str]:
        """Public ids of the master keys, newest first."""
        return [key_id.hex() for key_id in self._keys]

    def macs(self, label: bytes, content: bytes) -> dict[bytes, bytes]:
        """HMAC-SHA256 of `content` under each master key's key for one purpose, by key id, newest first."""
        return {key_id: key.sign(label, content) for key_id, key in self._keys.items()}

    @property
    def newest_id(self) -> bytes:
        """The id of the newest master key, with which what it wrapped begins."""
        return self._newest

    def new_data_key(self, *, place: str) -> tuple[SealingKey, bytes]:
        """A fresh data key and its wrapped form."""
        data_key, wrapped = new_key_under(self._wrapping[self._newest], place=place)
        return data_key, self._newest + wrapped

    def unwrap_data_key(self, wrapped: bytes | None, *, place: str) -> SealingKey:
        """The data key in `wrapped`; None means deleted. Raises BrokenSeal."""
        if wrapped is None:
            raise BrokenSeal(f"{place.split('/', 1)[0]}: deleted")
        return open_key_under(_key_for(wrapped, self._wrapping), wrapped[_KEY_ID:], place=place)

    def is_wrapped_by_newest(self, wrapped: bytes) -> bool:
        """Whether the newest master key wrapped it."""
        return wrapped.startswith(self._newest)

    def rewrap(self, wrapped: bytes, *, place: str) -> bytes:
        """The same key, wrapped by the newest master key. Raises BrokenSeal."""
        return self._newest + self.rewrap_under(self._wrapping[self._newest], wrapped, place=place)

    def rewrap_under(self, wrapping: SealingKey, wrapped: bytes, *, place: str) -> bytes:
        """The same key, wrapped by another key. Raises BrokenSeal."""
        key = _key_for(wrapped, self._wrapping).unseal(wrapped[_KEY_ID:], place=place)
        return wrapping.seal(key, place=place)

    def sign(self, label: bytes, content: bytes) -> str:
        """The signature of `content` by the newest master key's subkey for this purpose, in hexadecimal."""
        return self._keys[self._newest].sign(label, content).hex()

    def is_signed(self, label: bytes, content: bytes, signature: str, *, key_id: str) -> bool:
        """Whether `sign` made this signature, with the master key of this id (in hexadecimal)."""
        key = next((key for each, key in self._keys.items() if each.hex() == key_id), None)
        return key is not None and hmac.compare_digest(key.sign(label, content).hex(), signature)

    def seal_batch(self, batch_id: str, plaintext: bytes) -> bytes:
        """Encrypt one batch. Each batch has its own key, so nonces cannot run out."""
        key = self._keys[self._newest].subkey(_batch_label(batch_id))
        return self._newest + key.seal(plaintext, place=batch_id)

    def unseal_batch(self, batch_id: str, sealed: bytes) -> bytes:
        """Decrypt the output of `seal_batch`. Raises BrokenSeal."""
        key = _key_for(sealed, self._keys).subkey(_batch_label(batch_id))
        return key.unseal(sealed[_KEY_ID:], place=batch_id)


def _key_for(sealed: bytes, keys: Mapping[bytes, Key]) -> Key:
    try:
        return keys[sealed[:_KEY_ID]]
    except KeyError:
        raise BrokenSeal("sealed with a master key that is not configured") from None


def _batch_label(batch_id: str) -> bytes:
    return b"batch " + batch_id.encode()
