"""The ledger's entries and what a receipt's signature covers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.identity.erasure import ErasureCause, Place, Receipt, ledger_key, verification_of

ID = UUID("2d1f8f34-8c2f-5b0e-9a3e-0a6f1d1f3c55")
RECEIPT = Receipt(
    verification_id=ID,
    app_id="demo",
    biz_id="order-1",
    erased_at=datetime(2026, 6, 1, 9, tzinfo=UTC),
    because=ErasureCause.REQUEST,
    position=17,
    places={Place.KEY.value: 1, Place.CALLBACKS.value: 2},
    key_id="a1b2c3d4e5f60718",
    signature="5d" * 32,
)


def test_an_entry_names_its_verification() -> None:
    assert ledger_key(ID) == "verification/2d1f8f34-8c2f-5b0e-9a3e-0a6f1d1f3c55"
    assert verification_of(ledger_key(ID)) == ID


@pytest.mark.parametrize(
    "key",
    ["", "verification", "verification/", "verification/x", f"picture/{ID}", f"{ID}", f"verification/{ID}/1",
     f"Verification/{ID}", f"/{ID}"],
)  # fmt: skip
def test_an_entry_of_a_newer_version_names_none(key: str) -> None:
    assert verification_of(key) is None


def test_what_is_signed_is_sorted_json_without_the_signature() -> None:
    assert RECEIPT.to_sign() == (
        b'{"app_id":"demo","because":"request","biz_id":"order-1","erased_at":"2026-06-01T09:00:00Z",'
        b'"key_id":"a1b2c3d4e5f60718","places":{"callbacks":2,"data_key":1},"position":17,"signature":"",'
        b'"verification_id":"2d1f8f34-8c2f-5b0e-9a3e-0a6f1d1f3c55"}'
    )


@pytest.mark.parametrize("same", [{"signature": ""}, {"places": {"callbacks": 2, "data_key": 1}}])
def test_neither_the_signature_nor_the_order_of_places_is_signed(same: dict[str, Any]) -> None:
    assert msgspec.structs.replace(RECEIPT, **same).to_sign() == RECEIPT.to_sign()


@pytest.mark.parametrize(
    "change",
    [
        {"verification_id": UUID(int=1)},
        {"app_id": "shop"},
        {"biz_id": "order-2"},
        {"erased_at": datetime(2026, 6, 1, 9, 0, 0, 1, UTC)},
        {"because": ErasureCause.PERSON},
        {"position": 18},
        {"places": {"data_key": 1}},
        {"key_id": ""},
    ],
)
def test_every_other_member_is_signed(change: dict[str, Any]) -> None:
    assert msgspec.structs.replace(RECEIPT, **change).to_sign() != RECEIPT.to_sign()
