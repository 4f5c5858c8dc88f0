"""Deliveries over HTTP: listed, shown with their attempts, sent again; other apps' are not there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import text

from adapters.sealing.envelope import KeyRing
from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.way import Answer, Fault, NotSent
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import NOW, Clock
from tests.support.webhooks.hooks import Hooks
from usecases.events.webhooks import redeliver

URL = "/v1/deliveries"
ENDPOINT = UUID(int=1)


@pytest.fixture
async def hooks(api_context: RealApi, keys: KeyRing, clock: Clock) -> AsyncIterator[Hooks]:
    hooks = Hooks(api_context.engine, keys, clock)
    hooks.receiver = api_context.receiver
    hooks.context = hooks.sender()
    yield hooks
    await hooks.end()


async def failed(hooks: Hooks, count: int = 1) -> None:
    """Endpoint 1 with `count` failed deliveries."""
    await hooks.endpoint(schedule=())
    hooks.receiver.answer = lambda _way, _event: Answer(500, head=b"<h1>down</h1>")
    for verification in range(count):
        hooks.clock.go_on(timedelta(seconds=1))
        await hooks.event(verification)
        await hooks.run()


async def test_a_delivery_is_shown_with_its_attempts(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks)
    [listed] = (await api.get(URL)).json()["items"]
    shown = (await api.get(f"{URL}/{listed['id']}")).json()
    made = shown.pop("made")
    assert shown == listed
    assert (listed["state"], listed["error"], listed["attempts"]) == ("failed", "status_500", 1)
    assert listed["due_at"] is None
    assert made == [
        {
            "k": 1,
            "at": "2026-03-07T12:00:01.000Z",
            "ms": 0,
            "delivered": False,
            "status": 500,
            "fault": "receiver",
            "error": "status_500",
            "answer": "<h1>down</h1>",
        }
    ]


async def test_pages_follow_one_another(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks, 3)
    first = (await api.get(URL, params={"limit": 2, "endpoint_id": str(ENDPOINT)})).json()
    rest = (await api.get(URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert len(first["items"]) == 2
    assert len(rest["items"]) == 1
    assert rest["next_cursor"] is None
    assert (await api.get(URL, params={"state": "delivered"})).json()["items"] == []
    assert_problem(await api.get(URL, params={"cursor": "x"}), 400, "bad_cursor")
    assert_problem(await api.get(URL, params={"state": "lost"}), 422, "invalid_request")


async def test_one_delivery_is_sent_again(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks)
    [listed] = (await api.get(URL)).json()["items"]
    assert (await api.post(f"{URL}/{listed['id']}/redeliver")).status_code == 202
    hooks.receiver.answer = lambda _way, _event: Answer(204)
    await hooks.run()
    assert await hooks.states() == [("delivered", None)]


async def test_many_are_counted_first_and_then_sent_again(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks, 3)
    order = {"endpoint_id": str(ENDPOINT), "state": "failed"}
    counted = (await api.post(f"{URL}/redeliver", json=order)).json()
    assert counted.pop("ended_before")
    assert counted == {"count": 3, "more": False, "dry_run": True}
    assert await hooks.states() == [("failed", "status_500")] * 3
    done = (await api.post(f"{URL}/redeliver", json=order | {"dry_run": False})).json()
    assert done.pop("ended_before")
    assert done == {"count": 3, "more": False, "dry_run": False}
    assert [state for state, _ in await hooks.states()] == ["pending"] * 3


async def test_too_many_are_refused_with_what_makes_the_calls_end(
    api: httpx2.AsyncClient, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await failed(hooks, 3)
    hooks.clock.go_on(timedelta(seconds=1))
    monkeypatch.setattr(redeliver, "MOST", 2)
    order: dict[str, object] = {"endpoint_id": str(ENDPOINT), "dry_run": False}
    refused = assert_problem(await api.post(f"{URL}/redeliver", json=order), 409, "too_many_deliveries")
    order["ended_before"] = refused["ended_before"]
    done = [(await api.post(f"{URL}/redeliver", json=order)).json() for _ in range(2)]
    assert [(each["count"], each["more"]) for each in done] == [(2, True), (1, False)]
    assert {each["ended_before"] for each in done} == {refused["ended_before"]}


async def test_an_endpoint_gets_what_it_missed(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks, 2)
    answer = await api.post(f"/v1/endpoints/{ENDPOINT}/recover", json={"since": NOW.isoformat()})
    done = answer.json()
    assert (done["count"], done["more"], done["dry_run"]) == (2, False, False)
    async with hooks.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT action, actor, subject FROM audit"))).all()
    assert ("endpoint.recovered", "token:all", str(ENDPOINT)) in [tuple(row) for row in rows]


async def test_nothing_is_sent_again_to_a_disabled_endpoint(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await failed(hooks)
    [listed] = (await api.get(URL)).json()["items"]
    await hooks.endpoints.disable(ENDPOINT, None, reason=DisabledReason.BY_HAND, now=NOW)
    recover = f"/v1/endpoints/{ENDPOINT}/recover"
    assert_problem(await api.post(f"{URL}/{listed['id']}/redeliver"), 409, "endpoint_not_enabled")
    assert_problem(await api.post(recover, json={"since": NOW.isoformat()}), 409, "endpoint_not_enabled")


async def test_a_test_event_is_signed_and_its_answer_shown(api: httpx2.AsyncClient, hooks: Hooks) -> None:
    await hooks.endpoint(types=("verification.approved",))
    hooks.receiver.answer = lambda _way, _event: Answer(200, head="好".encode())
    answer = (await api.post(f"/v1/endpoints/{ENDPOINT}/test")).json()
    assert (answer["delivered"], answer["status"], answer["answer"]) == (True, 200, "好")
    [sent] = hooks.receiver.sent
    assert sent.event["type"] == "endpoint.test"
    assert sent.headers["webhook-signature"].startswith("v1,")
    assert await hooks.states() == []


async def test_a_test_that_fails_says_why_and_counts_for_nothing(
    api: httpx2.AsyncClient, hooks: Hooks
) -> None:
    await hooks.endpoint()
    hooks.receiver.answer = lambda _way, _event: NotSent(Fault.DNS, "dns")
    answer = (await api.post(f"/v1/endpoints/{ENDPOINT}/test")).json()
    assert (answer["delivered"], answer["fault"], answer["error"]) == (False, "dns", "dns")
    assert await hooks.health() == ("enabled", None, 0)


async def test_another_apps_deliveries_and_endpoints_are_not_there(
    client_of: ClientOf, hooks: Hooks, api: httpx2.AsyncClient, api_context: RealApi
) -> None:
    await failed(hooks)
    [listed] = (await api.get(URL)).json()["items"]
    await api_context.tokens.put("other", "other-token", apps=["other"])
    other = client_of("other-token")
    assert (await other.get(URL)).json()["items"] == []
    assert_problem(await other.get(f"{URL}/{listed['id']}"), 404, "not_found")
    assert_problem(await other.post(f"{URL}/{listed['id']}/redeliver"), 404, "not_found")
    assert_problem(await other.post(f"/v1/endpoints/{ENDPOINT}/test"), 404, "not_found")
    since = {"since": NOW.isoformat()}
    assert_problem(await other.post(f"/v1/endpoints/{ENDPOINT}/recover", json=since), 404, "not_found")
    assert_problem(await api.get(f"{URL}/{uuid4()}"), 404, "not_found")


async def test_a_token_without_the_scope_sees_no_answers_of_receivers(
    client_of: ClientOf, hooks: Hooks, api_context: RealApi
) -> None:
    await failed(hooks)
    await api_context.tokens.put("reader", "reader-token", scopes=["verifications:read"])
    reader = client_of("reader-token")
    assert_problem(await reader.get(URL), 403, "missing_scope")
