"""Every scenario: what notify carries, how it is signed, what get_result says to it."""

import hashlib
import json

import pytest

from simulator.scenarios.identity import FAKE_NAME, fake_number
from simulator.scenarios.table import SCRIPTS, Scenario
from tests.simulator.conftest import SECRETS, Json, Receiver, Vendor

LOST = {"error_message": "RESULT_NOT_FOUND"}
HONEST = ["pass", "face_mismatch", "attack", "cancelled", "timeout", "will_fail", "name_mismatch"]


async def play(vendor: Vendor, receiver: Receiver, scenario: str, **changes: object) -> tuple[Json, Json]:
    """The notify's payload and get_result's, without what only get_result has."""
    started = await vendor.start(scenario, **changes)
    answer = await vendor.get_result(started["biz_id"], return_verify_time="1")
    result = {key: value for key, value in answer.json().items() if key not in {"request_id", "time_used"}}
    return json.loads(receiver.received[-1].data), result


def test_the_table_is_whole() -> None:
    assert set(SCRIPTS) == set(Scenario)


@pytest.mark.parametrize("scenario", HONEST)
async def test_honest_runs_are_signed_and_confirmed(
    vendor: Vendor, receiver: Receiver, scenario: str
) -> None:
    payload, result = await play(vendor, receiver, scenario)

    assert payload == result
    [notify] = receiver.received
    assert notify.sign == hashlib.sha1(SECRETS["demo"].encode() + notify.data).hexdigest()
    assert notify.data == json.dumps(payload).encode()


async def test_pass(vendor: Vendor, receiver: Receiver) -> None:
    payload, _ = await play(vendor, receiver, "pass", biz_no="order-7")

    assert list(payload) == [
        *("status", "biz_info", "idcard_info", "liveness_result", "verify_result", "multifaces_tag")
    ]
    assert (payload["status"], payload["biz_info"]["biz_no"]) == ("OK", "order-7")
    face = payload["verify_result"]["result_faceid"]
    assert face["confidence"] > face["thresholds"]["1e-6"]
    assert payload["liveness_result"]["result"] == "PASS"
    assert 2500 < len(receiver.received[0].data) < 3300


async def test_face_mismatch(vendor: Vendor, receiver: Receiver) -> None:
    payload, _ = await play(vendor, receiver, "face_mismatch")
    face = payload["verify_result"]["result_faceid"]
    assert face["confidence"] < face["thresholds"]["1e-3"]


async def test_attack(vendor: Vendor, receiver: Receiver) -> None:
    liveness = (await play(vendor, receiver, "attack"))[0]["liveness_result"]
    genuineness = liveness["face_genuineness"]
    assert liveness["result"] == "PASS"
    assert genuineness["synthetic_face_confidence"] == 0.88
    assert genuineness["synthetic_face_threshold"] == 0.5


@pytest.mark.parametrize(("scenario", "status"), [("cancelled", "CANCELLED"), ("timeout", "TIMEOUT")])
async def test_broken_off(vendor: Vendor, receiver: Receiver, scenario: str, status: str) -> None:
    payload, _ = await play(vendor, receiver, scenario)
    assert (payload["status"], set(payload)) == (status, {"status", "biz_info"})


async def test_will_fail(vendor: Vendor, receiver: Receiver) -> None:
    payload, _ = await play(vendor, receiver, "will_fail")
    assert payload["liveness_result"]["procedure_type"] == "will"
    assert payload["will_result"] == [{"will_error_message": "ACTION_FAIL", "result": "FAIL"}]


async def test_name_mismatch(vendor: Vendor, receiver: Receiver) -> None:
    verify = (await play(vendor, receiver, "name_mismatch"))[0]["verify_result"]
    assert verify["error_message"] == "ID_NUMBER_NAME_NOT_MATCH"
    assert not [key for key in verify if key.startswith("result_")]


async def test_tampered(vendor: Vendor, receiver: Receiver) -> None:
    payload, result = await play(vendor, receiver, "tampered")
    assert payload["verify_result"]["result_faceid"]["confidence"] > 79.9
    assert result["verify_result"]["result_faceid"]["confidence"] < 64


async def test_result_lost(vendor: Vendor, receiver: Receiver) -> None:
    payload, result = await play(vendor, receiver, "result_lost")
    assert (payload["status"], result) == ("OK", LOST)


async def test_silent(vendor: Vendor, receiver: Receiver) -> None:
    started = await vendor.start("silent")
    assert (started["sent"], receiver.received) == ([], [])
    assert (await vendor.get_result(started["biz_id"])).json()["status"] == "OK"


async def test_forged(vendor: Vendor, receiver: Receiver) -> None:
    await vendor.start("forged")
    [notify] = receiver.received
    assert len(notify.sign) == 40
    assert notify.sign != hashlib.sha1(SECRETS["demo"].encode() + notify.data).hexdigest()


@pytest.mark.parametrize(("app_id", "hash_name"), [("demo", "sha1"), ("plus", "sha256")])
async def test_extended(vendor: Vendor, receiver: Receiver, app_id: str, hash_name: str) -> None:
    await vendor.start("extended", app_id=app_id)
    [notify] = receiver.received
    secret = SECRETS[app_id].encode()
    assert notify.sign == hashlib.new(hash_name, secret + notify.data).hexdigest()
    assert b"}\x80\x00" in notify.data
    assert notify.data.endswith(b',"status":"OK"}')


async def test_identities_can_be_given(vendor: Vendor, receiver: Receiver) -> None:
    payload, result = await play(
        vendor, receiver, "pass", idcard_name="金丝雀", idcard_number="110101199003079999"
    )
    for info in (payload["idcard_info"], result["idcard_info"]):
        assert (info["idcard_name"], info["idcard_number"]) == ("金丝雀", "110101199003079999")
    assert b"\\u91d1" in receiver.received[0].data


async def test_identities_of_get_token_are_kept(vendor: Vendor, receiver: Receiver) -> None:
    token = await vendor.get_token(idcard_name="测试甲", biz_extra_data='{"a":"字"}')
    payload, _ = await play(vendor, receiver, "pass", biz_id=token.json()["biz_id"])
    assert payload["idcard_info"]["idcard_name"] == "测试甲"
    assert payload["biz_info"]["biz_extra_data"] == '{"a":"字"}'


def test_fake_numbers_differ_and_never_check() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    numbers = {fake_number(f"seed {n}") for n in range(200)}

    assert len(numbers) > 190
    for number in numbers:
        check = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True)) % 11
        assert len(number) == 18
        assert number[17] != "10X98765432"[check]
    assert FAKE_NAME == "测试用户"
