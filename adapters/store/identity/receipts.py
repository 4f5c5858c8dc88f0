"""The signed receipts of erasures, which rows of `erasures` keep."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Row

from adapters.sealing.envelope import KeyRing
from domain.identity.erasure import ErasureCause, Receipt

_PURPOSE: Final = b"erasure receipt"
"""Of the key that signs them."""


def signed_receipt(
    ring: KeyRing, row: Row[Any], *, position: int, places: Mapping[str, int]
) -> Receipt | None:
    """The receipt of a row, signed by the newest master key; None if nobody asked for this erasure.

    `position`: in the ledger. `places`: how much went from each.
    """
    if row.asked is None:
        return None
    unsigned = Receipt(
        verification_id=row.verification_id,
        app_id=row.app_id,
        biz_id=row.biz_id,
        erased_at=row.at,
        because=ErasureCause(row.because),
        position=position,
        places=places,
        key_id=ring.newest_id.hex(),
    )
    return msgspec.structs.replace(unsigned, signature=ring.sign(_PURPOSE, unsigned.to_sign()))


def is_genuine(ring: KeyRing, receipt: Receipt) -> bool:
    """Whether a configured master key has signed the receipt as it is."""
    return ring.is_signed(_PURPOSE, receipt.to_sign(), receipt.signature, key_id=receipt.key_id)


def receipt_of(row: Row[Any]) -> Receipt | None:
    """The receipt in a row of `erasures`."""
    return None if row.receipt is None else msgspec.convert(row.receipt, Receipt)
