"""Only a payload without a usable biz_id is refused, with a stable reason for the list of dead letters."""

import json
from typing import Any

import pytest

from domain.callback.payload import decode_payload
from domain.errors import MalformedPayload, UndecodableCallback
from tests.support.payloads.callbacks import BIZ_ID, dump, passing_payload, put, read_sample

ELSEWHERE = "1467967672,a9e208ad-16c7-4f69-b47d-420f8d3209bb"


def _refused(data: bytes) -> str:
    with pytest.raises(UndecodableCallback) as caught:
        decode_payload(data)
    return caught.value.reason


@pytest.mark.parametrize("name", ["result_not_found.json", "name_mismatch_answer.json"])
def test_error_answers_carry_no_biz_id(name: str) -> None:
    assert _refused(read_sample(name)) == "missing_biz_id"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("biz_info", {}, "missing_biz_id"),
        ("biz_info", [], "missing_biz_id"),
        ("biz_info", "x", "missing_biz_id"),
        ("biz_info", 1, "missing_biz_id"),
        ("biz_info", [{"biz_id": BIZ_ID}], "missing_biz_id"),
        ("biz_info.biz_id", None, "missing_biz_id"),
        ("biz_info.biz_id", "", "missing_biz_id"),
        ("biz_info.biz_id", [], "missing_biz_id"),
        ("biz_info.biz_id", True, "bad_biz_id"),
        ("biz_info.biz_id", 1.5, "bad_biz_id"),
        ("biz_info.biz_id", 10**400, "bad_biz_id"),
        ("biz_info.biz_id", [BIZ_ID], "bad_biz_id"),
        ("biz_info.biz_id", {"a": 1}, "bad_biz_id"),
        ("biz_info.biz_id", "1234567", "bad_biz_id"),
        ("biz_info.biz_id", "1" * 129, "bad_biz_id"),
        ("biz_info.biz_id", BIZ_ID + "\0", "bad_biz_id"),
        ("biz_info.biz_id", BIZ_ID + "\ud83d", "bad_biz_id"),
        ("biz_info.biz_id", "1462259748, 52b13fb5", "bad_biz_id"),
        ("biz_info.biz_id", "../../etc/passwd", "bad_biz_id"),
        ("biz_info.biz_id", "１４６２２５９７４８", "bad_biz_id"),
    ],
)
def test_payloads_without_a_usable_biz_id_are_undecodable(path: str, value: object, reason: str) -> None:
    assert _refused(dump(put(passing_payload(), path, value))) == reason


@pytest.mark.parametrize(
    ("changes", "biz_id"),
    [
        ({"biz_info": {"biz_id": f" {BIZ_ID}\n"}}, BIZ_ID),
        ({"biz_info": {"biz_id": 1700000000}}, "1700000000"),
        ({"biz_info": json.dumps({"biz_id": BIZ_ID, "biz_no": "order-1"})}, BIZ_ID),
        ({"biz_info": "", "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": [], "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": "x", "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": {"biz_id": None, "biz_no": "order-1"}, "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_info": {"biz_id": "no"}, "biz_id": BIZ_ID}, BIZ_ID),
        ({"biz_id": ELSEWHERE}, BIZ_ID),
    ],
)
def test_a_biz_id_is_found_wherever_it_may_stand(changes: dict[str, Any], biz_id: str) -> None:
    assert decode_payload(dump(passing_payload() | changes)).biz_id == biz_id


@pytest.mark.parametrize(
    "data",
    [
        b"{} {}",
        b"[]",
        b'"{}"',
        dump(passing_payload())[:-1] + b', "a\\ ":1}',
        dump(passing_payload())[:-1] + b', "a": "\x80"}',
    ],
    ids=["two objects", "an array", "a string", "an escape that is none", "no UTF-8 where nobody looks"],
)
def test_not_one_json_object_is_not_the_decoders_business(data: bytes) -> None:
    with pytest.raises(MalformedPayload):
        decode_payload(data)
