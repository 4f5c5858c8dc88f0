"""Identity is answered to who may see it and says why, and never before the audit has it."""

import itertools
import json
from typing import Any

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.identity import reads
from adapters.store.reviews.store import PgReviews
from domain.identity.reading import SCOPE_OF, Field
from domain.model import CallbackKind, Identity, Outcome
from domain.people.actor import Actor
from domain.reviews.case import Because
from service.api.models import shown_identity as models
from service.api.routes.identity import persons
from service.api.routes.identity import reads as routes
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import IDENTITY_READS, RealApi
from tests.support.storage.stores import NOW, Store, biz_id, callback, decision_record, payload
from usecases.identity import read

NAME, NUMBER = "陈大文", "11010519491231002X"
URL = f"/v1/verifications/{biz_id()}/identity"
WHY = "ticket 4711"
AUDIT = (
    "SELECT app_id, actor, action, subject, reason, detail FROM audit"
    " WHERE action <> 'permission.denied' ORDER BY id"
)


async def decided(store: Store, n: int = 1, *, app_id: str = "demo") -> None:
    recorded = await store.record(callback(payload(n), app_id=app_id))
    record = msgspec.structs.replace(decision_record(recorded), identity=Identity(NAME, NUMBER))
    assert await store.decisions.save_once(record)


async def audited(context: RealApi) -> list[tuple[Any, ...]]:
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(AUDIT))]


def asking(*fields: Field, reason: str = WHY) -> dict[str, Any]:
    return {"fields": list(fields), "reason": reason}


async def test_the_fields_are_answered_and_in_the_audit(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await decided(store)
    answer = await api.post(URL, json=asking(Field.NUMBER, reason=f" {WHY} "))
    assert answer.json() == {
        "app_id": "demo", "biz_id": biz_id(), "name": None, "id_number": NUMBER, "images": None,
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"
    [(app_id, actor, action, subject, reason, detail)] = await audited(api_context)
    assert (app_id, action, subject, reason) == ("demo", "identity.read", biz_id(), WHY)
    assert actor.startswith("token:")
    assert detail == {"fields": ["id_number"]}


@pytest.mark.parametrize("held", [each for n in range(4) for each in itertools.combinations(SCOPE_OF, n)])
@pytest.mark.parametrize("wanted", [each for n in (1, 2, 3) for each in itertools.combinations(SCOPE_OF, n)])
async def test_each_field_needs_its_scope(
    client_of: ClientOf,
    api_context: RealApi,
    store: Store,
    held: tuple[Field, ...],
    wanted: tuple[Field, ...],
) -> None:
    await decided(store)
    scopes = ["verifications:read", *(SCOPE_OF[each] for each in held)]
    await api_context.tokens.put("t", "t", scopes=scopes)
    answer = await client_of("t").post(URL, json=asking(*wanted))
    if set(wanted) <= set(held):
        shown = {Field.NAME: NAME, Field.NUMBER: NUMBER, Field.IMAGES: []}
        assert {each: answer.json()[each] for each in Field} == {
            each: shown[each] if each in wanted else None for each in Field
        }
    else:
        assert_problem(answer, 403, "missing_scope")
        assert await audited(api_context) == []
        assert NAME not in answer.text


@pytest.mark.parametrize("route", [*routes.router.routes, *persons.router.routes], ids=lambda r: r.path)
async def test_no_route_answers_identity_without_its_scopes(
    client_of: ClientOf, api_context: RealApi, store: Store, route: Any
) -> None:
    """Every other scope is held."""
    await decided(store)
    others = ["verifications:read", "verifications:write", "endpoints", "operate", "audit"]
    await api_context.tokens.put("t", "t", scopes=others)
    body = asking(Field.NAME) if "{biz_id}" in route.path else {
        "app_id": "demo", "id_number": NUMBER, "reason": WHY,
    }  # fmt: skip
    answer = await client_of("t").post(route.path.format(biz_id=biz_id()), json=body)
    assert_problem(answer, 403, "missing_scope")


async def test_a_field_of_another_app_is_not_read(
    client_of: ClientOf, api_context: RealApi, store: Store
) -> None:
    await decided(store, app_id="other")
    await api_context.tokens.put("t", "t", apps=["demo"])
    assert_problem(await client_of("t").post(URL, json=asking(Field.NAME)), 404, "not_found")
    assert await audited(api_context) == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "reason_required"), (" \u3000", "reason_required"), (f"of {NUMBER}", "reason_has_number")],
)
@pytest.mark.parametrize("url", [URL, "/v1/persons/search", "/v1/persons/export"])
async def test_without_a_reason_nothing_is_read(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store, url: str, reason: str, code: str
) -> None:
    await decided(store)
    number = {"app_id": "demo", "id_number": NUMBER}
    body = {"fields": ["name"]} if url == URL else number
    assert_problem(await api.post(url, json=body | {"reason": reason}), 422, code)
    assert await audited(api_context) == []


async def test_the_row_is_committed_before_the_answer_is_made(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection sees it when the answer is being built: a process killed there leaves the row."""
    await decided(store)

    def die(**_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(routes, "ShownIdentityModel", die)
    with pytest.raises(RuntimeError, match="killed"):
        await api.post(URL, json=asking(Field.NAME))
    assert [row[2] for row in await audited(api_context)] == ["identity.read"]


async def test_without_the_audit_there_is_no_answer(
    api: httpx2.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(store)

    async def away(*_: object) -> None:
        raise DatabaseAway("OSError")

    monkeypatch.setattr(reads, "append", away)
    for url, body in ((URL, asking(Field.NAME, Field.NUMBER)), *_persons()):
        answer = await api.post(url, json=body)
        assert_problem(answer, 503, "unavailable")
        assert not any(each in answer.text for each in (NAME, NUMBER, biz_id()))


def _persons() -> list[tuple[str, dict[str, Any]]]:
    body = {"app_id": "demo", "id_number": NUMBER, "reason": WHY}
    return [("/v1/persons/search", body), ("/v1/persons/export", body)]


async def test_a_day_has_a_limit_and_its_first_refusal_is_in_the_audit(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await decided(store)
    for _ in range(IDENTITY_READS):
        assert (await api.post(URL, json=asking(Field.NAME))).status_code == 200
    for url, body in ((URL, asking(Field.NAME)), *_persons()):
        answer = await api.post(url, json=body)
        assert_problem(answer, 429, "identity_limit")
        assert NAME not in answer.text
    actions = [row[2] for row in await audited(api_context)]
    assert actions == ["identity.read"] * IDENTITY_READS + ["identity.refused"]


async def test_without_an_identity_the_fields_are_null(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await store.record()
    answer = await api.post(URL, json=asking(Field.NAME, Field.NUMBER))
    assert (answer.json()["name"], answer.json()["id_number"]) == (None, None)
    assert len(await audited(api_context)) == 1


@pytest.mark.parametrize(
    "written", [NUMBER, "110105491231002", " 110105 19491231 002x", "１１０１０５４９１２３１００２"]
)
async def test_a_person_is_found_by_number(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store, written: str
) -> None:
    for n, app_id in ((1, "demo"), (2, "demo"), (3, "other")):
        await decided(store, n, app_id=app_id)
    answer = await api.post(
        "/v1/persons/search", json={"app_id": "demo", "id_number": written, "reason": WHY}
    )
    assert {item["biz_id"] for item in answer.json()["items"]} == {biz_id(1), biz_id(2)}
    assert answer.headers["cache-control"] == "no-store"
    [(app_id, _, action, subject, reason, detail)] = await audited(api_context)
    assert (app_id, action, subject, reason) == ("demo", "person.searched", None, WHY)
    assert set(detail["biz_ids"]) == {biz_id(1), biz_id(2)}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (" ", "number_empty"),
        ("E12345678", "number_letters"),
        ("1101051949123100", "number_length"),
        ("110105194912310021", "number_check_digit"),
    ],
)
@pytest.mark.parametrize("url", ["/v1/persons/search", "/v1/persons/export"])
async def test_what_is_no_number_has_a_named_problem(
    api: httpx2.AsyncClient, api_context: RealApi, url: str, written: str, code: str
) -> None:
    answer = await api.post(url, json={"app_id": "demo", "id_number": written, "reason": WHY})
    assert_problem(answer, 422, code)
    assert written.strip() == "" or written not in answer.text
    assert await audited(api_context) == []


async def test_a_person_is_exported_whole_from_the_callers_apps(
    client_of: ClientOf, api_context: RealApi, store: Store
) -> None:
    await decided(store, 1)
    await decided(store, 2, app_id="other")
    await api_context.tokens.put("t", "t", apps=["demo"])
    answer = await client_of("t").post("/v1/persons/export", json={"id_number": NUMBER, "reason": WHY})
    [item] = answer.json()["items"]
    assert item["verification"]["biz_id"] == biz_id(1)
    assert (item["name"], item["id_number"]) == (NAME, NUMBER)
    assert item["explanation"]["outcome"] == "approved"
    assert [event["event"] for event in item["timeline"]] == ["callback.received", "decision.saved"]
    assert item["images"] == []
    [document] = item["documents"]
    assert (document["kind"], biz_id(1) in document["data"]) == ("notify", True)
    [(app_id, _, action, _, _, detail)] = await audited(api_context)
    assert (app_id, action, detail) == ("demo", "person.exported", {"biz_ids": [biz_id(1)]})


async def test_an_export_explains_in_both_languages(api: httpx2.AsyncClient, store: Store) -> None:
    recorded = await store.record()
    record = decision_record(recorded, outcome=Outcome.REJECTED)
    assert await store.decisions.save_once(msgspec.structs.replace(record, identity=Identity(NAME, NUMBER)))
    answer = await api.post("/v1/persons/export", json={"id_number": NUMBER, "reason": WHY})
    [reason] = answer.json()["items"][0]["explanation"]["reasons"]
    assert reason["en"]
    assert reason["zh"]


async def test_an_export_has_the_notes_of_reviews(api: httpx2.AsyncClient, store: Store) -> None:
    await decided(store)
    reviews, actor = PgReviews(store.engine, keys=store.data_keys), Actor.command("root")
    await reviews.open(biz_id(), ["demo"], Because.APPEAL, note="it was me", actor=actor, now=NOW)

    answer = await api.post("/v1/persons/export", json={"id_number": NUMBER, "reason": WHY})

    documents = answer.json()["items"][0]["documents"]
    assert [each["data"] for each in documents if each["kind"] == "note"] == ["it was me"]


@pytest.mark.parametrize("url", ["/v1/persons/search", "/v1/persons/export"])
async def test_answers_say_what_they_leave_out(
    api: httpx2.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for module in (read, persons):
        monkeypatch.setattr(module, "MOST", 2)
    order = {"app_id": "demo", "id_number": NUMBER, "reason": WHY}
    seen = []
    for n in (1, 2):
        await decided(store, n)
        answer = (await api.post(url, json=order)).json()
        seen.append((len(answer["items"]), answer["more"]))
    assert seen == [(1, False), (2, True)]


async def test_an_export_has_dead_letters(api: httpx2.AsyncClient, store: Store) -> None:
    await decided(store)
    for n in (1, 2):
        letter = callback(payload(n), kind=CallbackKind.RETURN)
        await store.dead_letters.keep(letter, reason="refused", detail="", now=NOW)

    answer = await api.post("/v1/persons/export", json={"id_number": NUMBER, "reason": WHY})

    [item] = answer.json()["items"]
    [letter] = [each["data"] for each in item["documents"] if each["kind"] == "dead_letter"]
    assert json.loads(letter)["biz_info"]["biz_id"] == biz_id(1)


def test_a_number_is_shown_by_no_model() -> None:
    body = models.SearchBody(app_id="demo", id_number=NUMBER, reason=WHY)
    assert NUMBER not in repr(body)
