"""The control endpoint: what it sends, how often, and what it notes."""

import asyncio

import httpx2
import pytest

from tests.simulator.conftest import NOTIFY_URL, RETURN_URL, Receiver, Vendor

NOTIFIED = {"to": "notify", "http_status": 200, "error": None, "location": None}


async def test_one_notify_and_no_return_by_default(vendor: Vendor, receiver: Receiver) -> None:
    started = await vendor.start()

    assert started["scenario"] == "pass"
    assert started["sent"] == [NOTIFIED]
    assert [(request.method, request.url) for request in receiver.received] == [("POST", NOTIFY_URL)]
    assert await vendor.see(started["biz_id"]) == started | {"app_id": "demo", "status": "OK", "calls": []}


async def test_duplicates_are_the_same_bytes(vendor: Vendor, receiver: Receiver) -> None:
    started = await vendor.start(duplicates=5)
    assert started["sent"] == [NOTIFIED] * 5
    assert len(receiver.received) == 5
    assert len({request.body for request in receiver.received}) == 1


async def test_the_return_by_post_carries_the_same_form(vendor: Vendor, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 303, {"location": "https://shop.example/done"}
    started = await vendor.start(return_="post")

    notify, back = receiver.received
    assert (back.method, back.url, back.body) == ("POST", RETURN_URL, notify.body)
    assert started["sent"][1] == {
        "to": "return",
        "http_status": 303,
        "error": None,
        "location": "https://shop.example/done",
    }


async def test_the_return_by_get_carries_the_biz_id_alone(vendor: Vendor, receiver: Receiver) -> None:
    started = await vendor.start(return_="get", notify=False)
    [back] = receiver.received
    assert (back.method, back.body) == ("GET", b"")
    assert back.url == f"{RETURN_URL}?biz_id={started['biz_id'].replace(',', '%2C')}"


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_a_refused_notify_is_never_sent_again(vendor: Vendor, receiver: Receiver, status: int) -> None:
    receiver.status = status
    started = await vendor.start()
    assert [sent["http_status"] for sent in started["sent"]] == [status]
    assert len(receiver.received) == 1


async def test_a_failed_notify_is_noted_by_its_error(vendor: Vendor, receiver: Receiver) -> None:
    receiver.error = httpx2.ConnectError("no route")
    started = await vendor.start()
    assert started["sent"] == [
        {"to": "notify", "http_status": None, "error": "ConnectError", "location": None}
    ]


async def test_a_delay_sends_in_the_background(vendor: Vendor, receiver: Receiver) -> None:
    started = await vendor.start(delay_ms=30)
    assert (started["sent"], receiver.received) == ([], [])
    assert (await vendor.get_result(started["biz_id"])).json()["status"] == "OK"

    await asyncio.wait_for(receiver.arrived.wait(), timeout=5)
    assert len(receiver.received) == 1


async def test_the_end_of_the_process_drops_delayed_messages(vendor: Vendor, receiver: Receiver) -> None:
    await vendor.start(delay_ms=600_000)
    assert receiver.received == []


async def test_a_token_got_earlier_is_run_with_its_own_addresses(vendor: Vendor, receiver: Receiver) -> None:
    token = await vendor.get_token(notify_url="http://other.test/n")
    started = await vendor.start(biz_id=token.json()["biz_id"])
    assert started["biz_id"] == token.json()["biz_id"]
    assert receiver.received[0].url == "http://other.test/n"


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"app_id": "nobody"}, 400, "app_id"),
        ({"biz_id": "1,nothing"}, 400, "biz_id"),
        ({"biz_no": "字" * 43}, 400, "biz_no"),
        ({"scenario": "fly"}, 422, "scenario"),
        ({"return": "fax"}, 422, "return"),
        ({"duplicates": 0}, 422, "duplicates"),
        ({"delay_ms": -1}, 422, "delay_ms"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
async def test_a_bad_request_is_reported(
    vendor: Vendor, change: dict[str, object], status: int, message: str
) -> None:
    order = {"app_id": "demo", "scenario": "pass"} | change
    response = await vendor.client.post("/simulator/verifications", json=order)
    assert response.status_code == status
    assert message in response.text
    assert (await vendor.stats())["verifications"] == 0


async def test_a_flow_cannot_end_twice(vendor: Vendor) -> None:
    biz_id = (await vendor.start())["biz_id"]
    order = {"app_id": "demo", "scenario": "pass", "biz_id": biz_id}
    for change, word in (({}, "ended"), ({"biz_no": "x"}, "biz_no"), ({"app_id": "plus"}, "no such")):
        response = await vendor.client.post("/simulator/verifications", json=order | change)
        assert response.status_code == 400
        assert word in response.text


async def test_unknown_verifications_are_404(vendor: Vendor) -> None:
    assert (await vendor.client.get("/simulator/verifications/1,x")).status_code == 404


async def test_the_front_door(vendor: Vendor) -> None:
    assert (await vendor.client.get("/healthz")).json() == {"status": "ok"}
    index = await vendor.client.get("/")
    assert "http://127.0.0.1:8090" in index.text
    assert "demo, plus" in index.text
    assert "demo-secret" not in index.text
