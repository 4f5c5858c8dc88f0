"""Acknowledged callbacks are decided, whichever process dies meanwhile."""

import asyncio
from uuid import uuid4

import httpx2
import pytest

from devstack.waiting import until
from domain.model import verification_id
from tests.whole.e2e.gateway import PATIENCE, Gateway, cancelled_callback

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


def new_biz_id() -> str:
    return f"1700000000,{uuid4()}"


async def send_one(gateway: Gateway, acknowledged: list[str]) -> None:
    biz_id = new_biz_id()
    answer = await gateway.post(gateway.form(cancelled_callback(biz_id)))
    assert answer.status_code == 200, "what Redis cannot take, the spool does"
    acknowledged.append(biz_id)


async def send_for(gateway: Gateway, seconds: float, *, senders: int = 16) -> list[str]:
    """Send from several senders at once; the biz_ids that were acknowledged."""
    acknowledged: list[str] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def send() -> None:
        while loop.time() < end:
            await send_one(gateway, acknowledged)

    await asyncio.gather(*(send() for _ in range(senders)))
    return acknowledged


async def undecided(gateway: Gateway, biz_ids: list[str]) -> int:
    ids = [verification_id("demo", biz_id) for biz_id in biz_ids]
    decided = await gateway.count("SELECT count(*) FROM decisions WHERE verification_id = ANY($1)", ids)
    return len(ids) - decided


async def all_decided(gateway: Gateway, biz_ids: list[str]) -> bool:
    return await undecided(gateway, biz_ids) == 0


async def test_nothing_acknowledged_is_lost_when_redis_dies_under_load(gateway: Gateway) -> None:
    sending = asyncio.create_task(send_for(gateway, 8))
    for _ in range(3):
        await asyncio.sleep(1.5)
        await gateway.restarted("valkey", gateway.kill("valkey"))
    acknowledged = await sending
    assert len(acknowledged) > 100
    await until(lambda: all_decided(gateway, acknowledged), patience=150)


async def test_a_batch_whose_worker_was_killed_is_decided_after_the_sweep(gateway: Gateway) -> None:
    sending = asyncio.create_task(send_for(gateway, 6))
    for _ in range(3):
        await asyncio.sleep(1)
        await gateway.restarted("worker", gateway.kill("worker"))
    acknowledged = await sending
    assert len(acknowledged) > 100
    await until(lambda: all_decided(gateway, acknowledged), patience=150)
    ids = [verification_id("demo", biz_id) for biz_id in acknowledged]
    most = await gateway.count("SELECT max(n) FROM pulls WHERE verification_id = ANY($1)", ids)
    assert most <= 2


async def test_a_killed_ingress_comes_back_and_lost_nothing(gateway: Gateway) -> None:
    acknowledged: list[str] = []
    for _ in range(3):
        await asyncio.gather(*(send_one(gateway, acknowledged) for _ in range(30)))
        pid = gateway.kill("ingress")
        await gateway.restarted("ingress", pid)
        await until(lambda: answers(gateway), patience=PATIENCE)
    assert len(acknowledged) == 90
    await until(lambda: all_decided(gateway, acknowledged), patience=60)


async def answers(gateway: Gateway) -> bool:
    try:
        return (await gateway.web.get(f"{gateway.stack.ingress_url}/healthz")).status_code == 200
    except httpx2.HTTPError:
        return False


async def test_after_postgres_restarts_the_worker_continues(gateway: Gateway) -> None:
    sending = asyncio.create_task(send_for(gateway, 4, senders=4))
    await asyncio.sleep(1)
    await gateway.restarted("postgres", gateway.kill("postgres"))
    acknowledged = await sending
    await until(lambda: postgres_answers(gateway), patience=PATIENCE)
    await until(lambda: all_decided(gateway, acknowledged), patience=120)


async def postgres_answers(gateway: Gateway) -> bool:
    return (await gateway.api.get("/readyz")).status_code == 200


async def test_one_poisonous_callback_delays_no_other(gateway: Gateway) -> None:
    good = [new_biz_id() for _ in range(30)]
    bodies = [gateway.form(cancelled_callback(biz_id)) for biz_id in good]
    poison = gateway.form({"status": "OK", "note": f"an unknown shape {uuid4()}"})
    bodies.insert(15, poison)
    answers = await asyncio.gather(*(gateway.post(body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    await until(lambda: all_decided(gateway, good), patience=PATIENCE)

    letters = (await gateway.api.get("/v1/dead-letters")).json()["items"]
    assert [letter["reason"] for letter in letters[:1]] == ["missing_biz_id"]
    retried = await gateway.api.post(f"/v1/dead-letters/{letters[0]['id']}/retry")
    assert retried.status_code == 202
    await until(lambda: is_dead_again(gateway, letters[0]["id"]), patience=PATIENCE)
    assert (await gateway.api.delete(f"/v1/dead-letters/{letters[0]['id']}")).status_code == 204
    assert (await gateway.api.get("/v1/dead-letters")).json()["items"] == []


async def is_dead_again(gateway: Gateway, letter_id: str) -> bool:
    letters = (await gateway.api.get("/v1/dead-letters")).json()["items"]
    return any(letter["id"] == letter_id for letter in letters)
