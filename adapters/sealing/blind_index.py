"""The blind index: ID numbers are found by an HMAC, so the database has none that can be read or guessed.

The key is derived from the master key under a label for this purpose alone, so it is not in the database; the
app is part of what is hashed, so two apps' digests of one person have nothing in common. A digest begins with
the id of its master key (8 bytes): after a rotation the rows of the older key are found too, until a worker
has hashed them under the newest one (adapters/store/identity/numbers/index.py).
"""

from typing import Final

from adapters.sealing.envelope import KeyRing
from domain.identity.numbers import canonical

_LABEL: Final = b"blind index of id numbers"
LENGTH: Final = 16
"""Bytes of the HMAC in a digest."""


class BlindIndex:
    """Hashes ID numbers of apps. `label`: what for; digests of two labels have nothing in common."""

    def __init__(self, ring: KeyRing, *, label: bytes = _LABEL) -> None:
        self._ring = ring
        self._label = label

    @property
    def prefix(self) -> bytes:
        """What the digests of the newest master key begin with."""
        return self._ring.newest_id

    def digest(self, app_id: str, number: str | None) -> bytes | None:
        """The digest to store, 24 bytes; None if there is no number."""
        return next(iter(self.digests(app_id, number)), None)

    def digests(self, app_id: str, number: str | None) -> list[bytes]:
        """The digests to look for: one for each configured master key, the newest first."""
        if (form := canonical(number)) is None:
            return []
        macs = self._ring.macs(self._label, f"{app_id}\0{form}".encode("utf-8", "surrogatepass"))
        return [key_id + mac[:LENGTH] for key_id, mac in macs.items()]
