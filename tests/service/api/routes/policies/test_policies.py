"""Policies over HTTP: what is in force, backtest, shadow, reload."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.redis.names import DEFAULT_NAMES
from domain.policy.backtest import Backtest
from domain.policy.explanation import DecidedFacts
from service.api.main import create_app
from service.api.models.policies import MAX_POLICY_CHARACTERS
from tests.adapters.policies.test_folder import BROKEN, write
from tests.service.api.routes.policies.conftest import as_token
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi
from tests.support.payloads.callbacks import default_policy, policy_text, policy_with
from tests.support.storage.stored import START, biz_id, confirmed, save_all

BELOW_1E6 = 76.0
STRICT = policy_text(face={"approve_level": "1e-6"})
SCORES = (91.327, BELOW_1E6, 41.0, BELOW_1E6)


@pytest.fixture
async def decided(engine: AsyncEngine) -> None:
    """Four decisions of `demo`, one of `other`; a candidate ran beside all."""
    candidate = policy_with(face={"approve_level": "1e-6"})
    scored = enumerate(SCORES)
    items = [confirmed(n, default_policy(), confidence=score, candidate=candidate) for n, score in scored]
    await save_all(engine, items)
    other = confirmed(9, default_policy(), confidence=BELOW_1E6, app_id="other", candidate=candidate)
    await save_all(engine, [other], app_id="other")


async def backtest(api: httpx2.AsyncClient, policy: str = STRICT, **more: Any) -> httpx2.Response:
    return await api.post("/v1/policies/backtest", json={"policy": policy, **more})


async def test_policies_in_force(api: httpx2.AsyncClient) -> None:
    [item] = (await api.get("/v1/policies")).raise_for_status().json()["items"]
    assert (item["name"], item["version"], len(item["content_hash"])) == ("a", "1", 64)


@pytest.mark.usefixtures("decided")
async def test_backtest_counts_what_changes(api: httpx2.AsyncClient) -> None:
    found = (await backtest(api, app_id="demo")).raise_for_status().json()
    assert (found["verifications"], found["changes"]) == (4, 2)
    assert {"before": "approved", "after": "review", "verifications": 2} in found["transitions"]
    assert found["rates"]["before"] == {"approved": 0.75, "rejected": 0.25, "review": 0, "incomplete": 0}
    assert found["rates"]["after"] == {"approved": 0.25, "rejected": 0.25, "review": 0.5, "incomplete": 0}
    assert [change["biz_id"] for change in found["changed"]] == [biz_id(3), biz_id(1)]
    assert found["changed"][0]["reasons"] == ["face.below_threshold"]
    assert found["policy"]["name"] == "test"


@pytest.mark.parametrize("policy", [" " * 6000, "[" + " " * 16000, "a." * 8000 + "a = 1"])
async def test_a_policy_that_was_slow_to_parse_is_refused_at_once(
    api: httpx2.AsyncClient, policy: str
) -> None:
    began = time.process_time()
    answer = await backtest(api, policy)
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_invalid")
    assert time.process_time() - began < 2


@pytest.mark.usefixtures("decided")
async def test_a_backtest_decides_beside_the_event_loop(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()

    def add(self: Backtest, stored: Iterable[DecidedFacts]) -> None:
        threads.add(threading.current_thread().name)
        return added(self, stored)

    added = Backtest.add
    monkeypatch.setattr(Backtest, "add", add)
    (await backtest(api)).raise_for_status()
    assert threads == {"computing_0"}


@pytest.mark.usefixtures("decided")
async def test_backtest_counts_the_facts_that_lack_a_count(api: httpx2.AsyncClient) -> None:
    limiting = policy_text(velocity={"max_attempts_24h": 3})
    found = [(await backtest(api, policy)).json() for policy in (STRICT, limiting)]
    assert [each["uncounted"] for each in found] == [0, 5]


@pytest.mark.usefixtures("decided")
async def test_backtest_is_narrowed(api: httpx2.AsyncClient) -> None:
    assert (await backtest(api)).json()["verifications"] == 5
    assert (await backtest(api, limit=2)).json()["verifications"] == 2
    since = (START + timedelta(minutes=3)).isoformat()
    assert (await backtest(api, since=since)).json()["verifications"] == 2
    assert (await backtest(api, app_id="unknown")).json()["verifications"] == 0


@pytest.mark.usefixtures("decided")
async def test_backtest_sees_the_callers_apps_alone(api: httpx2.AsyncClient) -> None:
    api.headers.update(as_token("other"))
    assert (await backtest(api)).json()["verifications"] == 1
    assert (await backtest(api, app_id="demo")).json()["verifications"] == 0


@pytest.mark.parametrize(
    ("policy", "detail"),
    [
        (BROKEN, "policy:4: face.need: invalid enum value 'most'"),
        (policy_text(face={"neeed": "all"}), "policy:4: face.neeed: unknown key"),
        ("name = ", "policy:1: "),
        ("a = " + "[" * 5000, "policy: no TOML"),
        ("a = " + "1" * 5000, "policy: no TOML"),
    ],
)
async def test_backtest_names_line_and_key_of_a_mistake(
    api: httpx2.AsyncClient, policy: str, detail: str
) -> None:
    answer = await backtest(api, policy)
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_invalid")
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"policy": STRICT, "limit": 0},
        {"policy": STRICT, "limit": 100_001},
        {"policy": STRICT, "since": "2026-03-07T12:00:00"},
        {"policy": STRICT, "unheard_of": 1},
        {"policy": "#" * (MAX_POLICY_CHARACTERS + 1)},
    ],
)
async def test_backtest_refuses_other_requests(
    api: httpx2.AsyncClient, request_body: dict[str, object]
) -> None:
    answer = await api.post("/v1/policies/backtest", json=request_body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.usefixtures("decided")
async def test_shadow_so_far(api: httpx2.AsyncClient) -> None:
    found = (await api.get("/v1/policies/test/shadow", params={"app_id": "demo"})).raise_for_status().json()
    assert (found["name"], found["verifications"], found["changes"]) == ("test", 4, 2)
    assert {"before": "approved", "after": "review", "verifications": 2} in found["transitions"]
    assert (found["first_at"], found["last_at"]) == ("2026-03-07T12:00:00.000Z", "2026-03-07T12:03:00.000Z")
    assert [change["biz_id"] for change in found["changed"]] == [biz_id(3), biz_id(1)]
    [text] = found["texts"]
    narrowed = await api.get("/v1/policies/test/shadow", params={"content_hash": text["content_hash"]})
    assert narrowed.json()["verifications"] == 5


@pytest.mark.usefixtures("decided")
async def test_shadow_of_the_callers_apps_alone(api: httpx2.AsyncClient) -> None:
    found = await api.get("/v1/policies/test/shadow", headers=as_token("other"))
    assert [change["biz_id"] for change in found.json()["changed"]] == [biz_id(9)]


async def test_shadow_of_a_policy_that_has_not_run_is_empty(api: httpx2.AsyncClient) -> None:
    found = (await api.get("/v1/policies/a/shadow")).raise_for_status().json()
    assert (found["verifications"], found["first_at"], found["texts"]) == (0, None, [])


@pytest.mark.parametrize(("name", "status"), [("nobody", 404), ("No%00body", 422)])
async def test_shadow_of_an_unknown_policy(api: httpx2.AsyncClient, name: str, status: int) -> None:
    assert (await api.get(f"/v1/policies/{name}/shadow")).status_code == status


async def test_reload_applies_files_and_notifies_other_processes(
    api: httpx2.AsyncClient, redis: Redis, policy_folder: Path
) -> None:
    write(policy_folder, "a", version="2")
    answer = (await api.post("/v1/policies/reload")).raise_for_status().json()
    assert [(item["name"], item["version"]) for item in answer["items"]] == [("a", "2")]
    assert answer["problems"] == []
    assert await redis.get(DEFAULT_NAMES.reloads) == b"1"


async def test_reload_keeps_the_policy_of_a_broken_file_and_reports_it(
    api: httpx2.AsyncClient, policy_folder: Path
) -> None:
    write(policy_folder, "a", BROKEN)
    answer = (await api.post("/v1/policies/reload")).raise_for_status().json()
    assert [(item["name"], item["version"]) for item in answer["items"]] == [("a", "1")]
    assert answer["problems"] == [
        {
            "file": "a.toml",
            "detail": 'a.toml:4: face.need: invalid enum value \'most\'; allowed: "all", "any"',
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/v1/policies", "operator", 403),
        ("GET", "/v1/policies/a/shadow", "operator", 403),
        ("POST", "/v1/policies/backtest", "operator", 403),
        ("POST", "/v1/policies/reload", "reader", 403),
        ("GET", "/v1/policies", "nobody", 401),
        ("POST", "/v1/policies/reload", "nobody", 401),
        ("POST", "/v1/policies/reload", "operator", 200),
        ("POST", "/v1/policies/reload", "operator of one", 403),
        ("GET", "/v1/policies", "reader", 200),
    ],
)
async def test_scopes(api: httpx2.AsyncClient, method: str, path: str, token: str, status: int) -> None:
    body = {"policy": STRICT} if path.endswith("backtest") else None
    answer = await api.request(method, path, headers=as_token(token), json=body)
    assert answer.status_code == status


async def test_a_token_limited_to_apps_cannot_reload_policies(
    api: httpx2.AsyncClient,
) -> None:
    answer = await api.post("/v1/policies/reload", headers=as_token("operator of one"))
    assert_problem(answer, 403, "all_apps_required")


async def test_a_token_of_one_app_sees_the_policies_that_its_app_names(
    context: RealApi, policy_folder: Path
) -> None:
    for name in ("theirs", "mine", "candidate"):
        write(policy_folder, name)
    await context.reloads.order()
    mine = msgspec.structs.replace(context.apps["other"], policy="mine", candidate_policy="candidate")
    context = replace(context, apps={**context.apps, "other": mine})
    await context.tokens.put("other", "other", apps=["other"], scopes=["verifications:read"])
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://api", headers=as_token("other")
    ) as api:
        items = (await api.get("/v1/policies")).json()["items"]
        assert [item["name"] for item in items] == ["candidate", "mine"]
        assert (await api.get("/v1/policies/candidate/shadow")).status_code == 200
        assert_problem(await api.get("/v1/policies/theirs/shadow"), 404, "not_found")
