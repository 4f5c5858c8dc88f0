"""The audit is read by auditors, each for the apps that are theirs; a denial has its row."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.audit.audits import audit_row

URL = "/v1/audit"


async def rows_of(context: RealApi, sql: str = "SELECT actor, subject, detail FROM audit ORDER BY id") -> Any:
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(sql))]


async def test_a_row_is_shown_whole(api: httpx2.AsyncClient, api_context: RealApi) -> None:
    await api_context.audit.note(audit_row(7, app_id="demo", address="10.0.0.7", reason="why", detail={}))
    [item] = (await api.get(URL)).json()["items"]
    assert item.pop("at").endswith("Z")
    assert item.pop("id")
    assert item == {
        "app_id": "demo",
        "actor": "person:li.na",
        "person_id": None,
        "address": "10.0.0.7",
        "action": "endpoint.changed",
        "subject": "7",
        "reason": "why",
        "detail": {},
    }


async def test_pages_follow_one_another(api: httpx2.AsyncClient, api_context: RealApi) -> None:
    for n in range(5):
        await api_context.audit.note(audit_row(n))
    for filters in ({}, {"actor": "person:li.na"}, {"action": "endpoint.changed"}):
        seen, cursor = [], None
        while True:
            params: dict[str, Any] = {"limit": 2, **filters} | ({"cursor": cursor} if cursor else {})
            page = (await api.get(URL, params=params)).json()
            seen += [item["subject"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ["4", "3", "2", "1", "0"]
    for filters in ({"actor": "token:x"}, {"subject": "9"}, {"since": "2999-01-01T00:00:00Z"}):
        assert (await api.get(URL, params=filters)).json() == {"items": [], "next_cursor": None}


async def test_an_auditor_of_one_app_sees_only_its_rows(client_of: ClientOf, api_context: RealApi) -> None:
    for app_id in ("demo", "other", None):
        await api_context.audit.note(audit_row(app_id=app_id))
    await api_context.tokens.put("auditor", "a", apps=["demo"], scopes=["audit"])
    answer = await client_of("a").get(URL)
    assert [item["app_id"] for item in answer.json()["items"]] == ["demo"]


@pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "ktf_AAAAAAAAAAAAAAHZJA"])
async def test_a_strange_cursor_is_refused(api: httpx2.AsyncClient, cursor: str) -> None:
    assert_problem(await api.get(URL, params={"cursor": cursor}), 400, "bad_cursor")


async def test_a_denial_is_written_once_a_minute(client_of: ClientOf, api_context: RealApi) -> None:
    await api_context.tokens.put("curious", "c", scopes=["verifications:read"])
    client = client_of("c")
    for _ in range(3):
        assert_problem(await client.get(URL), 403, "missing_scope")
    assert_problem(await client.delete("/v1/dead-letters/canary"), 403, "missing_scope")
    assert await rows_of(api_context) == [
        ("token:curious", "GET /v1/audit", {"code": "missing_scope"}),
        ("token:curious", "DELETE /v1/dead-letters/{letter_id}", {"code": "missing_scope"}),
    ]


async def test_a_denial_inside_an_endpoint_is_written_too(client_of: ClientOf, api_context: RealApi) -> None:
    await api_context.tokens.put("some", "s", apps=["demo"], scopes=["operate"])
    assert_problem(await client_of("s").post("/v1/policies/reload"), 403, "all_apps_required")
    assert await rows_of(api_context) == [
        ("token:some", "POST /v1/policies/reload", {"code": "all_apps_required"})
    ]


async def test_what_needs_no_right_and_what_is_unknown_has_no_row(
    client_of: ClientOf, api_context: RealApi
) -> None:
    assert_problem(await client_of("unknown").get(URL), 401, "unauthenticated")
    assert_problem(await client_of("unknown").get("/v1/nothing"), 404, "not_found")
    assert await rows_of(api_context) == []


async def test_what_a_caller_changes_is_recorded_without_secrets(
    api: httpx2.AsyncClient, api_context: RealApi
) -> None:
    body = {
        "app_id": "demo",
        "url": "https://shop.example/hooks/canary-in-the-path",
        "headers": {"authorization": "canary-header"},
    }
    created = await api.post("/v1/endpoints", json=body)
    assert created.status_code == 201
    key = created.json()["id"]
    headers = {"headers": {"authorization": "canary-other"}, "max_in_flight": 3}
    assert (await api.patch(f"/v1/endpoints/{key}", json=headers)).status_code == 200
    assert (await api.post("/v1/policies/reload")).status_code == 200
    assert await rows_of(api_context) == [
        ("token:all", key, {"host": "shop.example"}),
        ("token:all", key, {"fields": ["headers", "max_in_flight"]}),
        ("token:all", None, {}),
    ]
    found = (await api.get(URL)).text
    assert "canary" not in found
    assert created.json()["secret"] not in found
