"""The browser is redirected only to the app's own page, with the biz_id where the vendor would put it."""

import json
from contextlib import suppress

import pytest

from domain.callback.landing import biz_id_of, with_biz_id
from domain.callback.payload import decode_payload
from domain.callback.strict_json import read_members
from domain.errors import UndecodableCallback
from tests.support.payloads.callbacks import BIZ_ID, Json, dump, load_sample, read_sample

ENCODED = BIZ_ID.replace(",", "%2C")


@pytest.mark.parametrize(
    ("landing_url", "expected"),
    [
        ("https://shop.test/done", f"https://shop.test/done?biz_id={ENCODED}"),
        ("https://shop.test/done?a=b", f"https://shop.test/done?a=b&biz_id={ENCODED}"),
        ("https://shop.test/done#f", f"https://shop.test/done?biz_id={ENCODED}#f"),
        ("https://shop.test/done?a=b#f", f"https://shop.test/done?a=b&biz_id={ENCODED}#f"),
        ("https://shop.test", f"https://shop.test?biz_id={ENCODED}"),
    ],
)
def test_the_biz_id_is_added_before_the_fragment(landing_url: str, expected: str) -> None:
    assert with_biz_id(landing_url, BIZ_ID) == expected
    assert with_biz_id(landing_url, None) == landing_url


def test_nothing_in_a_biz_id_leaves_its_parameter() -> None:
    assert (
        with_biz_id("https://shop.test/", "a&b=c#d/é") == "https://shop.test/?biz_id=a%26b%3Dc%23d%2F%C3%A9"
    )


@pytest.mark.parametrize(
    ("payload", "biz_id"),
    [
        ({"biz_info": {"biz_id": BIZ_ID}}, BIZ_ID),
        ({"biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": {"biz_id": BIZ_ID}, "biz_id": "another-one"}, BIZ_ID),
        ({"biz_info": None, "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": {}}, None),
        ({}, None),
        ({"biz_id": 1700000000}, "1700000000"),
        ({"biz_info": json.dumps({"biz_id": BIZ_ID})}, BIZ_ID),
        ({"biz_info": "{", "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": "{"}, None),
        ({"biz_id": [BIZ_ID]}, None),
        ({"biz_id": {}}, None),
        ({"biz_id": BIZ_ID + "\n"}, BIZ_ID),
        ({"biz_id": BIZ_ID + "\0"}, None),
        ({"biz_id": "javascript:alert(1)"}, None),
        ({"biz_info": [BIZ_ID], "biz_id": BIZ_ID}, BIZ_ID),
    ],
)
def test_the_biz_id_of_an_undecoded_payload(payload: Json, biz_id: str | None) -> None:
    assert biz_id_of(read_members(dump(payload))) == biz_id
    with suppress(UndecodableCallback):
        assert decode_payload(dump(payload)).biz_id == biz_id, "the worker finds the same"


def test_a_number_out_of_range_does_not_hide_the_biz_id() -> None:
    data = b'{"biz_info": {"biz_id": "%b", "biz_no": 1e999}}' % BIZ_ID.encode()
    assert biz_id_of(read_members(data)) == BIZ_ID


@pytest.mark.parametrize("name", ["older_callback_passed.json", "callback_with_attack.json"])
def test_the_biz_id_of_a_sample(name: str) -> None:
    tree = load_sample(name)
    assert biz_id_of(read_members(read_sample(name))) == tree.get("biz_info", tree)["biz_id"]
