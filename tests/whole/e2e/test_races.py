"""Whatever arrives, in whatever order and number: one decision, one call."""

import asyncio

import pytest

from devstack.waiting import until
from tests.whole.e2e.gateway import PATIENCE, Gateway, cancelled_callback, finished_callback

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNKNOWN = "1462259748,00000000-0000-0000-0000-000000000000"


async def test_a_thousand_duplicates_at_once_are_one_decision(gateway: Gateway) -> None:
    started = await gateway.simulate("pass", duplicates=1000)
    assert {sent["http_status"] for sent in started["sent"]} == {200}

    biz_id = started["biz_id"]
    verification = await gateway.decided(biz_id)
    assert verification["outcome"] == "approved"
    assert await gateway.decisions(biz_id) == 1
    assert await gateway.calls(biz_id) == 1
    assert await gateway.timeline(biz_id) == ["callback.received", "pull.finished", "decision.saved"]


@pytest.mark.parametrize("order", ["notify first", "return first", "both at once"])
async def test_notify_and_return_race_to_one_decision_and_one_call(gateway: Gateway, order: str) -> None:
    biz_id = (await gateway.simulate("pass", notify=False))["biz_id"]
    body = gateway.form(finished_callback(biz_id))
    sends = [("notify", 1), ("return", 1)] if order != "return first" else [("return", 1), ("notify", 1)]
    if order == "both at once":
        answers = await asyncio.gather(*(gateway.post(body, to=to) for to, _ in sends * 20))
    else:
        answers = [await gateway.post(body, to=to) for to, _ in sends]
    assert {answer.status_code for answer in answers} == {200}

    await gateway.decided(biz_id)
    assert await gateway.decisions(biz_id) == 1
    assert await gateway.calls(biz_id) == 1


async def test_a_second_different_callback_opens_a_case_and_leaves_the_decision(
    gateway: Gateway,
) -> None:
    biz_id = (await gateway.simulate("cancelled"))["biz_id"]
    first = await gateway.decided(biz_id)
    await gateway.post(gateway.form(finished_callback(biz_id)))
    await gateway.event(biz_id, "callback.conflict")
    after = await gateway.decided(biz_id)
    assert after | {"review": None} == first
    assert after["review"]["state"] == "open"
    assert await gateway.calls(biz_id) == 1


async def test_a_get_after_the_notify_spends_no_second_call(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("pass", **{"return": "get"}))["biz_id"]
    await gateway.decided(biz_id)
    for _ in range(5):
        assert (await gateway.browse(biz_id)).status_code == 200
    await gateway.settled()
    assert await gateway.calls(biz_id) == 1


async def test_a_get_with_an_unknown_id_gets_the_same_answer_and_costs_nothing(gateway: Gateway) -> None:
    known = (await gateway.simulate("pass"))["biz_id"]
    await gateway.decided(known)
    before = await gateway.unknown_calls()
    answers = [
        await gateway.browse(biz_id) for biz_id in (known, "1462259748,00000000-0000-0000-0000-000000000000")
    ]
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].content == answers[1].content
    await gateway.settled()
    assert await gateway.unknown_calls() == before
    assert (await gateway.lookup(UNKNOWN)).status_code == 404


async def test_a_running_flow_is_recorded_and_not_pulled(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("pass", notify=False))["biz_id"]
    await gateway.post(gateway.form({"status": "PROCESSING", "biz_info": {"biz_id": biz_id}}))
    await gateway.event(biz_id, "callback.received")
    found = (await gateway.lookup(biz_id)).json()
    assert (found["state"], found["vendor_status"], found["pulls"]["used"]) == ("received", "PROCESSING", 0)
    await gateway.post(gateway.form(finished_callback(biz_id)))
    assert (await gateway.decided(biz_id))["vendor_status"] == "OK"


async def test_another_apps_callback_cannot_touch_a_verification(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("pass"))["biz_id"]
    mine = await gateway.decided(biz_id)
    theirs = gateway.form(cancelled_callback(biz_id), secret="FAKE_API_SECRET")
    assert (await gateway.post(theirs, app_id="demo")).status_code == 401
    assert (await gateway.post(theirs, app_id="sample")).status_code == 200

    async def ambiguous() -> bool:
        return bool((await gateway.lookup(biz_id)).json().get("code") == "app_id_required")

    await until(ambiguous, patience=PATIENCE)
    assert await gateway.decided(biz_id, app_id="demo") == mine
