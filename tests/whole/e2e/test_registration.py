"""A verification that is known before any callback is not lost when none comes, and wastes no call."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from devstack.waiting import until
from domain.model import verification_id
from tests.whole.e2e.gateway import PATIENCE, Gateway, finished_callback

pytestmark = pytest.mark.asyncio(loop_scope="session")

AN_HOUR = timedelta(hours=1)


async def test_an_ordered_verification_without_a_callback_is_decided_on_its_result(gateway: Gateway) -> None:
    ordered = await gateway.order(biz_no=f"silent-{uuid4()}", idcard_name="王小明", comparison_type=1)
    biz_id = ordered["biz_id"]
    assert (await gateway.web.get(ordered["url"])).status_code == 200
    assert (await gateway.lookup(biz_id)).json()["state"] == "created"
    await gateway.simulate("silent", biz_id=biz_id)

    verification = await gateway.decided(biz_id)
    assert (verification["outcome"], verification["basis"]) == ("approved", "result")
    assert (verification["biz_no"], verification["received_at"]) == (ordered["biz_no"], None)
    assert verification["identity"]["name"] == "王**"
    assert await gateway.calls(biz_id) == 1
    assert await gateway.timeline(biz_id) == ["verification.registered", "pull.finished", "decision.saved"]


async def test_an_ordered_one_is_confirmed_like_any_other(gateway: Gateway) -> None:
    biz_id = (await gateway.order())["biz_id"]
    started = await gateway.simulate("pass", biz_id=biz_id, **{"return": "post"})
    assert {sent["http_status"] for sent in started["sent"]} <= {200, 303}
    verification = await gateway.decided(biz_id)
    assert (verification["outcome"], verification["basis"]) == ("approved", "confirmed")
    assert await gateway.calls(biz_id) == 1


async def test_a_callback_of_another_order_goes_to_review(gateway: Gateway) -> None:
    biz_id = f"1700000000,{uuid4()}"
    await gateway.register(biz_id, biz_no="mine", expires_in=AN_HOUR)
    assert (await gateway.post(gateway.form(finished_callback(biz_id)))).status_code == 200
    verification = await gateway.decided(biz_id)
    assert verification["outcome"] == "review"
    assert "registration.biz_no_mismatch" in [reason["code"] for reason in verification["reasons"]]
    assert "callback.conflict" in await gateway.timeline(biz_id)


async def test_a_returning_browser_causes_one_early_pull(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("silent", biz_no="nudged"))["biz_id"]
    await gateway.register(biz_id, biz_no="nudged", expires_in=AN_HOUR)
    pages = {(await gateway.browse(biz_id)).content for _ in range(5)}
    verification = await gateway.decided(biz_id)
    assert (verification["outcome"], verification["basis"]) == ("approved", "result")
    pages.add((await gateway.browse(biz_id)).content)
    assert len(pages) == 1
    assert await gateway.calls(biz_id) == 1
    assert "browser.returned" in await gateway.timeline(biz_id)


async def test_behind_a_proxy_each_user_has_a_separate_rate(gateway: Gateway) -> None:
    biz_ids = [(await gateway.simulate("silent", biz_no="many"))["biz_id"] for _ in range(16)]
    for biz_id in biz_ids:
        await gateway.register(biz_id, biz_no="many", expires_in=AN_HOUR)
    users = [f"203.0.113.{n}" for n in range(100, 100 + len(biz_ids))]
    await asyncio.gather(
        *(gateway.browse(each, address=user) for each, user in zip(biz_ids, users, strict=True))
    )
    for biz_id in biz_ids:
        assert (await gateway.decided(biz_id))["basis"] == "result"
        assert await gateway.calls(biz_id) == 1


async def test_strangers_and_unregistered_ones_cost_nothing(gateway: Gateway) -> None:
    unregistered = (await gateway.simulate("silent"))["biz_id"]
    known = (await gateway.simulate("silent", biz_no="last"))["biz_id"]
    await gateway.register(known, biz_no="last", expires_in=AN_HOUR)
    calls = await gateway.unknown_calls()
    strangers = [f"1700000000,{uuid4()}" for _ in range(300)]
    addresses = [f"198.51.100.{n % 250}" for n in range(len(strangers))]
    answers = await asyncio.gather(
        *(gateway.browse(each, address=address) for each, address in zip(strangers, addresses, strict=True)),
        gateway.browse(unregistered, address="203.0.113.1"),
    )
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1

    async def no_return_hint_waits() -> bool:
        return not await gateway.redis.keys("arq:job:nudge:*")

    await until(no_return_hint_waits, patience=PATIENCE)
    assert await gateway.unknown_calls() == calls
    assert await gateway.calls(unregistered) == 0
    ids = [verification_id("demo", each) for each in (*strangers, unregistered)]
    assert await gateway.count("SELECT count(*) FROM verifications WHERE id = ANY($1)", ids) == 0


async def test_an_operator_spends_the_remaining_calls_and_no_more(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("pass"))["biz_id"]
    decided = await gateway.decided(biz_id)
    assert decided["outcome"] == "approved"
    refusals = set()

    async def none_is_left() -> bool:
        answer = await gateway.api.post(f"/v1/verifications/{biz_id}/pull")
        if answer.status_code == 409:
            refusals.add(answer.json()["code"])
            assert "retry-after" in answer.headers or answer.json()["code"] == "no_pull_left"
        return "no_pull_left" in refusals

    await until(none_is_left, patience=PATIENCE)
    assert refusals <= {"pull_too_early", "no_pull_left"}
    assert await gateway.calls(biz_id) == 3
    timeline = await gateway.timeline(biz_id)
    assert timeline.count("pull.requested") == 2
    await gateway.event(biz_id, "result.obtained")
    assert (await gateway.lookup(biz_id)).json()["outcome"] == "approved"
