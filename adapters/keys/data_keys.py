"""The data keys of verifications and dead letters.

A wrapped data key is `format (1) ‖ epoch id (16) ‖ nonce ‖ ciphertext ‖ tag`: 77 bytes. Those of older
versions, and those of a gateway without FACEID_KEYS_URL, are `master key id (8) ‖ nonce ‖ ciphertext ‖ tag`:
68 bytes. The length tells them apart.
"""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from adapters.keys.away import KeysAway
from adapters.keys.epochs import Epochs
from adapters.sealing.envelope import WRAPPED, KeyRing, SealingKey, new_key_under, open_key_under

FORMAT: Final = "epoch-keys-1"
"""Names the format in heartbeats."""

_MARK: Final = b"\x01"
_EPOCH_ID: Final = 16
_HEAD: Final = len(_MARK) + _EPOCH_ID


class DataKeys:
    """Makes and opens data keys.

    `epochs` None: there is no key store; the master key wraps data keys, and none of an epoch opens.
    `readable`: whether every live process can open the keys of epochs; until then the master key wraps.
    """

    def __init__(
        self, ring: KeyRing, epochs: Epochs | None = None, *, readable: Callable[[], bool] = lambda: True
    ) -> None:
        self._ring = ring
        self._epochs = epochs
        self._readable = readable

    async def prepare(self, app_ids: Iterable[str]) -> None:
        """Have what `new_data_key` needs for these apps. Raises KeysAway."""
        if self._epochs is not None and self._readable():
            await self._epochs.prepare(app_ids)

    def new_data_key(self, app_id: str, *, place: str) -> tuple[SealingKey, bytes]:
        """A fresh data key of this app and its wrapped form. Raises KeysAway without `prepare`."""
        if self._epochs is None or not self._readable():
            return self._ring.new_data_key(place=place)
        epoch_id, key = self._epochs.current(app_id)
        data_key, wrapped = new_key_under(key, place=place)
        return data_key, in_epoch(epoch_id, wrapped)

    async def load(self, wrapped: Iterable[bytes | None]) -> None:
        """Have what `unwrap_data_key` needs for these, as far as the key store answers."""
        if self._epochs is not None:
            await self._epochs.load({epoch for each in wrapped if each and (epoch := epoch_of(each))})

    def unwrap_data_key(self, wrapped: bytes | None, *, place: str) -> SealingKey:
        """The data key in `wrapped`; None means deleted.

        Raises:
            BrokenSeal: no key opens it, or its epoch is destroyed.
            KeysAway: its epoch is not loaded.
        """
        epoch_id = wrapped and epoch_of(wrapped)
        if not wrapped or not epoch_id:
            return self._ring.unwrap_data_key(wrapped, place=place)
        if self._epochs is None:
            raise KeysAway("FACEID_KEYS_URL is not set, and the data's keys are in a key store")
        return open_key_under(self._epochs.key(epoch_id), wrapped[_HEAD:], place=place)


def in_epoch(epoch_id: UUID, wrapped: bytes) -> bytes:
    """A data key that an epoch's key wrapped, as it is stored."""
    return _MARK + epoch_id.bytes + wrapped


def prefix_of(epoch_id: UUID) -> bytes:
    """How every data key begins that this epoch's key wrapped."""
    return _MARK + epoch_id.bytes


def epoch_of(wrapped: bytes) -> UUID | None:
    """The epoch whose key wrapped this data key; None if a master key did."""
    if len(wrapped) != _HEAD + WRAPPED or not wrapped.startswith(_MARK):
        return None
    return UUID(bytes=wrapped[len(_MARK) : _HEAD])
