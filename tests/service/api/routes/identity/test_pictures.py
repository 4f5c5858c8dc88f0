"""Pictures are answered like names: with their scope, for a reason, behind the audit."""

import base64
from typing import Any

import httpx2
import msgspec
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from domain.model import Identity
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.payloads.callbacks import dump
from tests.support.storage.pictures import CARD, FACE, keep_pictures, with_pictures
from tests.support.storage.stores import Store, biz_id, callback, decision_record, finished, payload

NUMBER = "11010519491231002X"
URL = f"/v1/verifications/{biz_id()}/identity"
ASKED = {"fields": ["images"], "reason": "ticket 4711"}


@pytest.fixture(autouse=True)
async def _kept(store: Store, api_context: RealApi) -> None:
    recorded = await keep_pictures(store, api_context.pictures)
    record = msgspec.structs.replace(decision_record(recorded), identity=Identity("陈大文", NUMBER))
    assert await store.decisions.save_once(record)


async def audited(context: RealApi) -> list[tuple[Any, ...]]:
    query = "SELECT action, detail FROM audit WHERE action LIKE 'identity.%' ORDER BY id"
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_pictures_are_answered_and_in_the_audit(api: httpx2.AsyncClient, api_context: RealApi) -> None:
    answer = await api.post(URL, json=ASKED)

    assert (answer.json()["name"], answer.json()["id_number"]) == (None, None)
    assert answer.json()["images"] == [
        {"name": name, "media_type": "image/jpeg", "data": base64.b64encode(content).decode()}
        for name, content in (("image_best", FACE), ("image_idcard_front", CARD))
    ]
    assert answer.headers["cache-control"] == "no-store"
    assert await audited(api_context) == [("identity.read", {"fields": ["images"]})]


async def test_nothing_is_answered_if_the_audit_cannot_be_written(
    api: httpx2.AsyncClient, api_context: RealApi
) -> None:
    async with api_context.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    try:
        answer = await api.post(URL, json=ASKED)
    finally:
        async with api_context.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))

    assert answer.status_code >= 500
    assert "data" not in answer.text


async def test_names_scope_shows_no_pictures(client_of: ClientOf, api_context: RealApi) -> None:
    await api_context.tokens.put("t", "t", scopes=["verifications:read", "identity:name", "identity:number"])

    answer = await client_of("t").post(URL, json=ASKED)

    assert_problem(answer, 403, "missing_scope")
    assert await audited(api_context) == []


async def test_store_that_is_away_answers_nothing_and_counts_nothing(
    api: httpx2.AsyncClient, api_context: RealApi
) -> None:
    api_context.pictures.away = True

    assert_problem(await api.post(URL, json=ASKED), 503, "unavailable")

    assert await audited(api_context) == []


async def test_lost_or_changed_picture_has_no_data(api: httpx2.AsyncClient, api_context: RealApi) -> None:
    pieces = api_context.pictures.pieces
    [best, card] = sorted(pieces, key=lambda each: each[1])
    pieces[best] = pieces[card]
    del pieces[card]

    with capture_logs() as logs:
        answer = await api.post(URL, json=ASKED)

    assert [each["data"] for each in answer.json()["images"]] == [None, None]
    assert [each["event"] for each in logs].count("pictures.missing") == 2


async def test_erased_pictures_are_not_answered(api: httpx2.AsyncClient, store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE pictures SET deleted_at = now()"))

    assert (await api.post(URL, json=ASKED)).json()["images"] == []


async def test_export_lists_pictures_without_their_bytes(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/v1/persons/export", json={"id_number": NUMBER, "reason": "asked"})

    [item] = answer.json()["items"]
    assert item["images"] == [
        {"name": "image_best", "media_type": "image/jpeg", "size": len(FACE)},
        {"name": "image_idcard_front", "media_type": "image/jpeg", "size": len(CARD)},
    ]
    assert base64.b64encode(FACE).decode()[:60] not in answer.text


async def test_export_shows_no_picture_that_an_older_version_kept_in_its_result(
    api: httpx2.AsyncClient, store: Store
) -> None:
    recorded = await store.record(callback(payload(2)))
    assert await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1, body=dump(with_pictures(2))))
    record = msgspec.structs.replace(decision_record(recorded), identity=Identity("陈大文", NUMBER))
    assert await store.decisions.save_once(record)

    answer = await api.post("/v1/persons/export", json={"id_number": NUMBER, "reason": "asked"})

    assert base64.b64encode(FACE).decode()[:60] not in answer.text
    [item] = [each for each in answer.json()["items"] if each["verification"]["biz_id"] == biz_id(2)]
    [result] = [each["data"] for each in item["documents"] if each["kind"] == "result"]
    assert "sha256:" in result
