"""A payload belongs to the order that is registered, or to another one."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.apps.registration import Registration, biz_no_differs, orders_differ
from domain.callback.payload import decode_payload
from tests.support.payloads.callbacks import dump, passing_payload, put

START = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


def registered_as(biz_no: str) -> Registration:
    return Registration(biz_no, START, START + timedelta(minutes=50))


@pytest.mark.parametrize(
    ("biz_no", "registered", "differs"),
    [("order-1", "order-1", False), ("order-2", "order-1", True), (None, "order-1", True), (17, "17", False)],
)
def test_a_callback_must_name_the_registered_order(biz_no: object, registered: str, differs: bool) -> None:
    said = decode_payload(dump(put(passing_payload(), "biz_info.biz_no", biz_no)))
    assert biz_no_differs(said, registered_as(registered)) is differs


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("order-1", "order-1", False),
        ("order-1", "order-2", True),
        (17, "17", False),
        ("order-1", None, False),
    ],
)
def test_two_payloads_that_name_different_orders(one: object, other: object, differ: bool) -> None:
    said, confirmed = (
        decode_payload(dump(put(passing_payload(), "biz_info.biz_no", biz_no))) for biz_no in (one, other)
    )
    assert orders_differ(said, confirmed) is orders_differ(confirmed, said) is differ


def test_an_unregistered_one_has_nothing_to_match() -> None:
    assert not biz_no_differs(decode_payload(dump(passing_payload())), None)
