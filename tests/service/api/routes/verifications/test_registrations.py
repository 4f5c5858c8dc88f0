"""A verification whose token was got elsewhere is registered once, whatever came before it."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from domain.model import Outcome, verification_id
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, payload

URL = f"/v1/verifications/{biz_id()}"
EXPIRES = NOW + timedelta(minutes=50)
ID = verification_id("demo", biz_id())


def body(**changes: Any) -> dict[str, Any]:
    right = {"app_id": "demo", "biz_no": "order-1", "expires_at": EXPIRES.isoformat()}
    return {name: value for name, value in (right | changes).items() if value is not None}


async def settle_jobs(context: RealApi) -> list[str]:
    return [key.decode() for key in await context.redis.keys("arq:job:faceid:settle:*")]


async def test_a_new_one_is_created_and_the_same_again_is_known(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    answer = await api.put(URL, json=body())
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["state"], shown["biz_no"], shown["outcome"]) == ("created", "order-1", None)
    assert shown["registered"] == {"at": "2026-03-07T12:00:00.000Z", "expires_at": "2026-03-07T12:50:00.000Z"}
    assert (await api.get(answer.headers["location"])).json() == shown

    later = (EXPIRES + timedelta(minutes=5)).isoformat()
    for again in (body(), body(expires_at=later)):
        answer = await api.put(URL, json=again)
        assert (answer.status_code, answer.json()) == (200, shown)
    assert await store.events(ID) == ["verification.registered"]
    assert await store.rows("SELECT detail FROM timeline") == [({"by": "token:all"},)]
    assert await settle_jobs(api_context) == [], "nothing is to be settled yet"


async def test_another_order_is_a_conflict(api: httpx2.AsyncClient) -> None:
    await api.put(URL, json=body())
    assert_problem(await api.put(URL, json=body(biz_no="order-2")), 409, "registration_conflict")
    assert (await api.get(URL)).json()["biz_no"] == "order-1"


async def test_a_held_callback_is_released_at_once(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await store.record(awaits_registration=True)
    assert (await api.get(URL)).json()["held"] is True
    answer = await api.put(URL, json=body())
    assert (answer.status_code, answer.json()["held"], answer.json()["state"]) == (200, False, "received")
    assert await settle_jobs(api_context) == [f"arq:job:faceid:settle:{ID}:{NOW.timestamp():.0f}"]


async def test_a_callback_of_another_order_is_looked_at_at_once(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await store.record()
    assert (await api.put(URL, json=body(biz_no="order-2"))).status_code == 200
    assert len(await settle_jobs(api_context)) == 1


async def test_a_decision_about_another_order_is_kept(api: httpx2.AsyncClient, store: Store) -> None:
    await store.decide(await store.record(callback(payload())), outcome=Outcome.APPROVED)
    assert_problem(await api.put(URL, json=body(biz_no="order-2")), 409, "registration_conflict")
    assert (await api.get(URL)).json()["outcome"] == "approved"


@pytest.mark.parametrize(
    ("expires_at", "taken"),
    [
        (NOW - timedelta(days=1), True),
        (NOW - timedelta(days=1, seconds=1), False),
        (NOW + timedelta(hours=25), True),
        (NOW + timedelta(hours=25, seconds=1), False),
    ],
)
async def test_a_tokens_end_has_bounds(
    api: httpx2.AsyncClient, store: Store, expires_at: datetime, taken: bool
) -> None:
    answer = await api.put(URL, json=body(expires_at=expires_at.isoformat()))
    if taken:
        assert answer.status_code == 201
    else:
        problem = assert_problem(answer, 422, "invalid_request")
        assert problem["errors"] == [{"where": "body.expires_at", "what": "out_of_bounds"}]
        assert await store.find() is None


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"biz_no": None}, "body.biz_no"),
        ({"biz_no": "字" * 43}, "body.biz_no"),
        ({"expires_at": None}, "body.expires_at"),
        ({"expires_at": "2026-03-07T12:50:00"}, "body.expires_at"),
        ({"canary": 1}, "body"),
    ],
)
async def test_a_wrong_field_is_named(api: httpx2.AsyncClient, change: dict[str, Any], where: str) -> None:
    problem = assert_problem(await api.put(URL, json=body(**change)), 422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == [where]


@pytest.mark.parametrize("wrong", ["x", "a b c d e", "%00%00%00%00%00%00%00%00", "é" * 20, "x" * 129])
async def test_a_biz_id_has_a_shape(api: httpx2.AsyncClient, wrong: str) -> None:
    problem = assert_problem(await api.put(f"/v1/verifications/{wrong}", json=body()), 422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == ["path.biz_id"]


async def test_registered_ones_are_found_by_their_state(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record(callback(payload(2)))
    await api.put(URL, json=body())
    for state, expected in (("created", [biz_id()]), ("received", [biz_id(2)]), ("expired", [])):
        items = (await api.get(f"/v1/verifications?state={state}")).json()["items"]
        assert [item["biz_id"] for item in items] == expected


async def test_a_waiting_lookup_is_answered_when_the_verification_expires(
    api: httpx2.AsyncClient, store: Store
) -> None:
    await api.put(URL, json=body())
    due = await store.due.claim_one(ID, ["demo"], now=NOW + timedelta(days=9), lease=LEASE)
    assert due is not None
    await store.due.expire(due.lease)
    shown = (await api.get(f"{URL}?wait=30")).json()
    assert (shown["state"], shown["outcome"]) == ("expired", None)
