"""`wait` holds the answer until the decision is announced, and never beyond its seconds."""

import asyncio
import time
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from adapters.redis.announcements import Announcer
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from domain.model import verification_id
from domain.views.verifications import VerificationRecord
from tests.service.conftest import ClientOf
from tests.support.http.api import RealApi
from tests.support.http.asgi import GONE, send
from tests.support.storage.stores import Store, biz_id, callback, payload

URL = f"/v1/verifications/{biz_id()}"


async def waiting(api: httpx2.AsyncClient, context: RealApi, url: str) -> "asyncio.Task[httpx2.Response]":
    """A request that waits for verification 1."""
    task = asyncio.create_task(api.get(url))

    async def expected() -> bool:
        return verification_id("demo", biz_id()) in context.announcements._waiters

    await until(expected)
    return task


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("known", [True, False], ids=["known", "not there yet"])
async def test_a_waiting_lookup_is_answered_when_the_decision_is_announced(
    api: httpx2.AsyncClient,
    store: Store,
    api_context: RealApi,
    known: bool,
) -> None:
    if known:
        await store.record()
    request = await waiting(api, api_context, f"{URL}?wait=30")
    recorded = await store.record(callback(payload(biz_no="late"))) if known else await store.record()
    await store.decide(recorded)
    await Announcer(api_context.redis).announce(recorded.verification_id)
    answer = await asyncio.wait_for(request, 5)
    assert answer.json()["state"] == "decided"
    assert not api_context.announcements._waiters


async def test_a_lost_announcement_costs_the_seconds(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    recorded = await store.record()
    request = await waiting(api, api_context, f"{URL}?wait=0.5")
    await store.decide(recorded)
    answer = await asyncio.wait_for(request, 5)
    assert answer.json()["state"] == "decided"


async def test_announcements_during_an_outage_are_found_afterwards(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    recorded = await store.record()
    request = await waiting(api, api_context, f"{URL}?wait=30")
    await store.decide(recorded)
    listening = asyncio.create_task(api_context.announcements.listen())
    answer = await asyncio.wait_for(request, 5)
    assert answer.json()["state"] == "decided"
    await end_tasks(listening)


async def test_a_waiting_lookup_does_not_query_the_database(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = counted_looks(api_context, monkeypatch)
    await store.record()
    await api.get(f"{URL}?wait=2.5")
    assert looks == ["state", "whole"], "at once, and at the end"


async def test_the_wait_ends_when_the_client_hangs_up(
    api_app: FastAPI, api_context: RealApi, store: Store
) -> None:
    await store.record()
    await api_context.tokens.put("all", "all-token")
    headers = {"authorization": "Bearer all-token"}
    request = send(api_app, URL, [b"", GONE], method="GET", headers=headers, query="wait=30")
    await asyncio.wait_for(request, 5)
    assert not api_context.announcements._waiters


def counted_looks(context: RealApi, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every look for a verification from now on."""
    looks: list[str] = []
    find, states = context.lookups.find, context.lookups.states

    async def counted(app_ids: list[str], biz_id: str) -> list[VerificationRecord]:
        looks.append("whole")
        return await find(app_ids, biz_id)

    async def counted_states(ids: tuple[UUID, ...]) -> list[str]:
        looks.append("state")
        return await states(ids)

    monkeypatch.setattr(context.lookups, "find", counted)
    monkeypatch.setattr(context.lookups, "states", counted_states)
    return looks


@pytest.mark.usefixtures("listening")
async def test_an_announcement_ahead_of_its_time_costs_one_look(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = counted_looks(api_context, monkeypatch)
    recorded = await store.record()
    request = await waiting(api, api_context, f"{URL}?wait=0.5")
    await Announcer(api_context.redis).announce(recorded.verification_id)
    assert (await request).json()["state"] == "received"
    assert looks == ["state", "state", "whole"], "at once, when announced, at the end"


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_the_wait_ends_at_the_deadline(api: httpx2.AsyncClient, store: Store, known: bool) -> None:
    if known:
        await store.record()
    started = time.monotonic()
    answer = await api.get(f"{URL}?wait=0.3")
    assert 0.3 <= time.monotonic() - started < 3
    assert answer.status_code == (200 if known else 404)


async def test_of_several_apps_none_is_waited_for(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record()
    await store.record(callback(app_id="other"))
    answer = await asyncio.wait_for(api.get(f"{URL}?wait=30"), 5)
    assert (answer.status_code, answer.json()["code"]) == (400, "app_id_required")


async def test_a_decided_verification_is_answered_at_once(api: httpx2.AsyncClient, store: Store) -> None:
    await store.decide(await store.record())
    answer = await asyncio.wait_for(api.get(f"{URL}?wait=30"), 5)
    assert answer.json()["outcome"] == "approved"


async def test_a_waiting_lookup_without_its_app_is_not_held(
    api_context: RealApi, client_of: ClientOf
) -> None:
    await api_context.tokens.put("nothing", "t", apps=["nobody"])
    answer = await asyncio.wait_for(client_of("t").get(f"{URL}?wait=30"), 5)
    assert answer.status_code == 404


async def test_a_waiting_lookup_is_answered_when_the_process_leaves(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    await store.record()
    request = await waiting(api, api_context, f"{URL}?wait=30")
    api_context.lifecycle.last_calls.append(api_context.announcements.wake_all)
    api_context.lifecycle.leave()
    answer = await asyncio.wait_for(request, 5)
    assert (answer.status_code, answer.json()["state"]) == (200, "received")
    assert (await asyncio.wait_for(api.get(f"{URL}?wait=30"), 5)).json() == answer.json()


async def test_reads_of_many_waiters_share_few_statements(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = await store.record()
    ids = [recorded.verification_id, *(verification_id("demo", biz_id(n)) for n in range(2, 60))]
    groups: list[int] = []
    look = store.lookups._look

    async def counted(looks: list[tuple[UUID, ...]]) -> list[list[str]]:
        groups.append(len(looks))
        return await look(looks)

    monkeypatch.setattr(store.lookups._looks, "_flush", counted)
    found = await asyncio.gather(*(store.lookups.states((each,)) for each in ids))
    assert found == [["received"], *[[] for _ in ids[1:]]]
    assert groups == [len(ids)]


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("change", ["revoked", "fewer apps", "fewer scopes"])
async def test_a_token_that_changes_during_the_wait_is_refused(
    client_of: ClientOf, store: Store, api_context: RealApi, change: str
) -> None:
    recorded = await store.record()
    await api_context.tokens.put("mine", "mine-token")
    request = await waiting(client_of("mine-token"), api_context, f"{URL}?wait=30")
    if change == "revoked":
        await api_context.tokens.revoke("mine")
    elif change == "fewer apps":
        await api_context.tokens.put("mine", "mine-token", apps=["other"])
    else:
        await api_context.tokens.put("mine", "mine-token", scopes=["operate"])
    await store.decide(recorded)
    await Announcer(api_context.redis).announce(recorded.verification_id)
    answer = await asyncio.wait_for(request, 20)
    refused = (401, "unauthenticated") if change == "revoked" else (403, "missing_scope")
    assert (answer.status_code, answer.json()["code"]) == refused
