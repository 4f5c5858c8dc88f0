import base64
from datetime import timedelta

import pytest

from simulator.api.results import JPEG
from tests.simulator.conftest import SECRETS, FakeClock, Vendor

DESTROYED = (403, "DATA_DESTROYED")


async def outcome(vendor: Vendor, biz_id: str, **changes: str) -> tuple[int, str | None]:
    response = await vendor.get_result(biz_id, **changes)
    return response.status_code, response.json().get("error_message")


async def test_three_calls_then_the_data_are_destroyed(vendor: Vendor) -> None:
    biz_id = (await vendor.start())["biz_id"]

    outcomes = [await outcome(vendor, biz_id) for _ in range(5)]

    assert outcomes == [(200, None)] * 3 + [DESTROYED] * 2
    calls = (await vendor.see(biz_id))["calls"]
    assert [(call["http_status"], call["error_message"]) for call in calls] == outcomes
    assert (await vendor.stats())["get_result_calls"] == 5


async def test_a_result_is_kept_one_day(vendor: Vendor, clock: FakeClock) -> None:
    biz_id = (await vendor.start())["biz_id"]
    clock.go_on(timedelta(days=1) - timedelta(seconds=1))
    assert await outcome(vendor, biz_id) == (200, None)
    clock.go_on(timedelta(seconds=1))
    assert await outcome(vendor, biz_id) == DESTROYED


async def test_the_day_begins_when_the_flow_ends(vendor: Vendor, clock: FakeClock) -> None:
    biz_id = (await vendor.get_token()).json()["biz_id"]
    clock.go_on(timedelta(minutes=30))
    await vendor.start(biz_id=biz_id)
    clock.go_on(timedelta(hours=23, minutes=45))
    assert await outcome(vendor, biz_id) == (200, None)


async def test_calls_before_the_end_count(vendor: Vendor) -> None:
    token = (await vendor.get_token()).json()
    biz_id = token["biz_id"]

    assert (await vendor.get_result(biz_id)).json()["status"] == "NOT_STARTED"
    await vendor.client.get("/faceid/lite/do", params={"token": token["token"]})
    early = (await vendor.get_result(biz_id)).json()
    assert (early["status"], early["biz_info"]["biz_no"]) == ("PROCESSING", "order-1")
    assert "verify_result" not in early
    await vendor.start(biz_id=biz_id)

    assert await outcome(vendor, biz_id) == (200, None)
    assert await outcome(vendor, biz_id) == DESTROYED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"api_secret": "wrong"}, (403, "AUTHENTICATION_ERROR")),
        ({"api_secret": ""}, (400, "MISSING_ARGUMENTS: api_secret")),
        ({"return_image": "9"}, (400, "BAD_ARGUMENTS: return_image")),
        ({"return_verify_time": "yes"}, (400, "BAD_ARGUMENTS: return_verify_time")),
    ],
)
async def test_refused_calls_count_too(
    vendor: Vendor, change: dict[str, str], expected: tuple[int, str]
) -> None:
    biz_id = (await vendor.start())["biz_id"]
    outcomes = [await outcome(vendor, biz_id, **change)]
    outcomes += [await outcome(vendor, biz_id) for _ in range(3)]
    assert outcomes == [expected, (200, None), (200, None), DESTROYED]


async def test_unknown_and_foreign_ids_are_not_found(vendor: Vendor) -> None:
    biz_id = (await vendor.start())["biz_id"]

    assert await outcome(vendor, "1,nobody") == (400, "RESULT_NOT_FOUND")
    foreign = await outcome(vendor, biz_id, api_key="plus-key", api_secret=SECRETS["plus"])
    assert foreign == (400, "RESULT_NOT_FOUND")

    assert (await vendor.see(biz_id))["calls"] == []
    assert await vendor.stats() == {"get_result_calls": 2, "unknown_biz_id_calls": 2, "verifications": 1}


@pytest.mark.parametrize("name", ["api_key", "api_secret", "biz_id"])
async def test_every_argument_is_missed(vendor: Vendor, name: str) -> None:
    query = {"api_key": "demo-key", "api_secret": SECRETS["demo"], "biz_id": "1,x"}
    del query[name]
    response = await vendor.client.get("/faceid/lite/get_result", params=query)
    assert (response.status_code, response.json()["error_message"]) == (400, f"MISSING_ARGUMENTS: {name}")


async def test_the_verify_time_is_sent_on_request(vendor: Vendor, clock: FakeClock) -> None:
    biz_id = (await vendor.start())["biz_id"]
    plain = (await vendor.get_result(biz_id)).json()
    timed = (await vendor.get_result(biz_id, return_verify_time="1")).json()

    assert "verify_time" not in plain["verify_result"]
    assert timed["verify_result"]["verify_time"] == int(clock.now.timestamp())
    assert plain["request_id"] != timed["request_id"]
    assert isinstance(plain["time_used"], int)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("1", {"image_best"}),
        ("2", {"image_idcard_front"}),
        ("3", {"image_idcard_back"}),
        ("4", {"image_best", "image_idcard_front", "image_idcard_back"}),
        ("5", set()),
        ("6", set()),
    ],
)
async def test_images_are_jpegs_in_data_uris(vendor: Vendor, choice: str, names: set[str]) -> None:
    biz_id = (await vendor.start())["biz_id"]
    images = (await vendor.get_result(biz_id, return_image=choice)).json()["images"]

    assert set(images) == names
    for uri in images.values():
        kind, content = uri.split(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(content) == JPEG


async def test_images_come_only_with_status_ok(vendor: Vendor) -> None:
    asked = (await vendor.start())["biz_id"]
    cancelled = (await vendor.start("cancelled"))["biz_id"]
    assert "images" not in (await vendor.get_result(asked)).json()
    assert "images" not in (await vendor.get_result(cancelled, return_image="4")).json()
