"""Webhook endpoints over HTTP: mistakes are named, secrets shown once, other apps' endpoints not there."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import structlog

from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.signing import key_of
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import ENDPOINTS, RealApi
from tests.support.storage.dumps import dump_database, dump_redis, traces
from tests.support.storage.stores import Clock, Store
from tests.support.webhooks.endpoints import endpoint

URL = "/v1/endpoints"
HOOK = "https://shop.example/hook?token=canary-url-71c2"
SECRETS = {"authorization": "Bearer canary-header-4a1f"}
CANARIES = ("canary-url-71c2", "canary-header-4a1f", "canary-pem-90de")


async def create(api: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await api.post(URL, json={"app_id": "demo", "url": HOOK} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def get(api: httpx2.AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(f"{URL}/{made['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_new_endpoint_is_answered_whole_with_its_secret(api: httpx2.AsyncClient) -> None:
    answer = await api.post(URL, json={"app_id": "demo", "url": HOOK, "types": ["verification.*"]})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert len(key_of(made.pop("secret"))) == 32
    assert made == {
        "id": made["id"],
        "app_id": "demo",
        "state": "enabled",
        "disabled_reason": None,
        "disabled_at": None,
        "health": {"failures": 0, "failing_since": None},
        "url": HOOK,
        "types": ["verification.*"],
        "outcomes": None,
        "format": "thin",
        "signature": "standard",
        "max_in_flight": 16,
        "max_rate": None,
        "schedule": [5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
        "headers": [],
        "has_ca": False,
        "has_client_certificate": False,
        "public_key": None,
        "earlier_secret_until": None,
        "created_at": "2026-03-07T12:00:00.000Z",
        "updated_at": "2026-03-07T12:00:00.000Z",
    }
    assert await get(api, made) == made
    assert (await api.get(URL)).json() == {"items": [made], "next_cursor": None}


async def test_everything_can_be_set(api: httpx2.AsyncClient) -> None:
    fields = {
        "types": ["verification.review", "policy.*"],
        "outcomes": ["review"],
        "format": "cloudevents",
        "signature": "form-sha1",
        "max_in_flight": 2,
        "max_rate": 0.5,
        "schedule": [1, 60],
    }
    made = await create(api, **fields, headers={"X-Shop": "1", **SECRETS}, ed25519=True)
    assert made | fields == made
    assert made["headers"] == ["x-shop", "authorization"]
    assert len(base64.b64decode(made["public_key"].removeprefix("whpk_"))) == 32


async def test_a_secret_is_shown_once(api: httpx2.AsyncClient) -> None:
    made = await create(api, headers=SECRETS)
    found = json.dumps([await get(api, made), (await api.get(URL)).json()])
    assert made["secret"] not in found
    assert SECRETS["authorization"] not in found


async def test_an_app_has_a_limited_number_of_endpoints(api: httpx2.AsyncClient) -> None:
    for _ in range(ENDPOINTS):
        await create(api)
    assert_problem(await api.post(URL, json={"app_id": "demo", "url": HOOK}), 409, "too_many_endpoints")
    await create(api, app_id="other")


async def test_an_app_must_be_named_where_the_token_covers_several(
    api: httpx2.AsyncClient, client_of: ClientOf, api_context: RealApi
) -> None:
    assert_problem(await api.post(URL, json={"url": HOOK}), 400, "app_id_required")
    assert_problem(await api.post(URL, json={"url": HOOK, "app_id": "nobody"}), 404, "not_found")
    await api_context.tokens.put("one", "one", apps=["other"])
    assert (await client_of("one").post(URL, json={"url": HOOK})).json()["app_id"] == "other"


async def test_a_change_replaces_what_it_names(api: httpx2.AsyncClient, clock: Clock) -> None:
    made = await create(api, max_rate=5, headers={"x-a": "1", "x-b": "2"}, ed25519=True)
    del made["secret"]
    clock.go_on(timedelta(minutes=1))
    body = {
        "url": "https://new.example/",
        "max_rate": None,
        "headers": {"X-A": None, "X-C": "3"},
        "ed25519": False,
    }
    answer = await api.patch(f"{URL}/{made['id']}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == made | {
        "url": "https://new.example/",
        "max_rate": None,
        "headers": ["x-b", "x-c"],
        "public_key": None,
        "updated_at": "2026-03-07T12:01:00.000Z",
    }
    assert await get(api, made) == answer.json()


async def test_null_is_no_url(api: httpx2.AsyncClient) -> None:
    made = await create(api)
    for name in ("url", "types", "format", "max_in_flight", "headers"):
        answer = await api.patch(f"{URL}/{made['id']}", json={name: None})
        problem = assert_problem(answer, 422, "invalid_request")
        assert [error["where"] for error in problem["errors"]] == [f"body.{name}"]


async def test_a_rotation_shows_the_new_secret_and_the_end_of_the_earlier_one(
    api: httpx2.AsyncClient,
) -> None:
    made = await create(api, ed25519=True)
    answer = await api.post(f"{URL}/{made['id']}/rotate-secret", json={"overlap": 3600})
    rotated = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert key_of(rotated["secret"]) != key_of(made["secret"])
    assert rotated["public_key"] != made["public_key"]
    assert rotated["earlier_secret_until"] == "2026-03-07T13:00:00.000Z"
    without_body = await api.post(f"{URL}/{made['id']}/rotate-secret")
    assert without_body.json()["earlier_secret_until"] == "2026-03-08T12:00:00.000Z"


async def test_only_some_secrets_are_valid_at_once(api: httpx2.AsyncClient) -> None:
    rotate = f"{URL}/{(await create(api))['id']}/rotate-secret"
    for _ in range(4):
        assert (await api.post(rotate)).status_code == 200
    assert_problem(await api.post(rotate), 409, "too_many_secrets")
    assert (await api.post(rotate, json={"overlap": 0})).json()["earlier_secret_until"] is None


@pytest.mark.parametrize("overlap", [-1, 31 * 86_400, "canary", None])
async def test_an_overlap_is_up_to_thirty_days(api: httpx2.AsyncClient, overlap: object) -> None:
    made = await create(api)
    answer = await api.post(f"{URL}/{made['id']}/rotate-secret", json={"overlap": overlap})
    assert_problem(answer, 422, "invalid_request")


async def test_an_endpoint_is_disabled_and_enabled(api: httpx2.AsyncClient) -> None:
    made = await create(api)
    disabled = (await api.post(f"{URL}/{made['id']}/disable")).json()
    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "by_hand")
    assert disabled["disabled_at"] == "2026-03-07T12:00:00.000Z"
    assert (await api.get(URL, params={"state": "disabled"})).json()["items"] == [disabled]
    enabled = (await api.post(f"{URL}/{made['id']}/enable")).json()
    assert (enabled["state"], enabled["disabled_reason"], enabled["disabled_at"]) == ("enabled", None, None)
    assert (await api.get(URL, params={"state": "disabled"})).json()["items"] == []


async def test_a_deleted_endpoint_is_gone(api: httpx2.AsyncClient) -> None:
    made = await create(api)
    assert (await api.delete(f"{URL}/{made['id']}")).status_code == 204
    for answer in (await api.get(f"{URL}/{made['id']}"), await api.delete(f"{URL}/{made['id']}")):
        assert_problem(answer, 404, "not_found")


async def test_the_list_comes_in_stable_pages(api: httpx2.AsyncClient, store: Store) -> None:
    for n in range(1, 6):
        assert await store.endpoints.add(endpoint(n), limit=9)
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = (await api.get(URL, params={"limit": 2, **cursor})).json()
        found += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert found == [str(UUID(int=n)) for n in range(5, 0, -1)]
    assert page["next_cursor"] is None


async def test_a_token_of_one_app_manages_its_own_endpoints_alone(
    api: httpx2.AsyncClient, client_of: ClientOf, api_context: RealApi, store: Store
) -> None:
    await api_context.tokens.put("demo", "demo", apps=["demo"], scopes=["endpoints"])
    mine = client_of("demo")
    assert await store.endpoints.add(endpoint(app_id="other"), limit=1)
    theirs, own = f"{URL}/{endpoint().id}", await create(mine)
    for answer in (
        await mine.get(theirs),
        await mine.patch(theirs, json={"max_in_flight": 1}),
        await mine.post(f"{theirs}/rotate-secret"),
        await mine.post(f"{theirs}/disable"),
        await mine.post(f"{theirs}/enable"),
        await mine.delete(theirs),
        await mine.post(URL, json={"app_id": "other", "url": HOOK}),
    ):
        assert_problem(answer, 404, "not_found")
    assert [item["id"] for item in (await mine.get(URL)).json()["items"]] == [own["id"]]
    assert (await mine.get(URL, params={"app_id": "other"})).json()["items"] == []
    assert await store.endpoints.find(endpoint().id, None) == endpoint(app_id="other")


async def test_without_its_master_key_an_endpoint_is_shown_but_not_changed(
    api: httpx2.AsyncClient, store: Store
) -> None:
    made = await create(api)
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE endpoints SET wrapped_key = 'lost'")
    found = await get(api, made)
    assert (found["url"], found["headers"], found["has_ca"], found["public_key"]) == (HOOK, None, None, None)
    own = f"{URL}/{made['id']}"
    assert_problem(await api.patch(own, json={"url": "https://new.example/"}), 409, "unreadable")
    assert_problem(await api.post(f"{own}/rotate-secret"), 409, "unreadable")
    assert (await api.post(f"{own}/disable")).json()["disabled_reason"] == DisabledReason.BY_HAND
    assert (await api.delete(own)).status_code == 204


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_no_log_no_redis_and_no_other_column_has_a_secret(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi, lines: list[Any]
) -> None:
    made = await create(api, headers=SECRETS, ed25519=True)
    own = f"{URL}/{made['id']}"
    rotated = (await api.post(f"{own}/rotate-secret")).json()
    await api.patch(own, json={"headers": {"x-more": "canary-header-4a1f"}, "ca": "canary-pem-90de"})
    await api.post(f"{own}/disable")
    secrets = [made["secret"], rotated["secret"]]
    assert traces(json.dumps(lines), *CANARIES, *secrets) == []
    assert traces(await dump_redis(api_context.redis), *CANARIES, *secrets) == []
    # The URL is a column of its own: senders need it, and lists show it.
    assert traces(await dump_database(store.engine), *CANARIES[1:], *secrets) == []
    assert {line["actor"] for line in lines} == {"token:all"}
