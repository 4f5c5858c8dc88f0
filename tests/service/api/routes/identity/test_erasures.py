"""Erasing, explaining and holding over HTTP."""

import httpx2
import msgspec
import pytest

from domain.model import Identity
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import NOW, Store, biz_id, callback, decision_record, payload, whole_way

PATH = f"/v1/verifications/{biz_id()}"
NUMBER = "11010519491231002X"
OTHER_NUMBER = "110101199003078881"
WHY = {"reason": "the user asked"}


async def lift(api: httpx2.AsyncClient, path: str = PATH) -> httpx2.Response:
    return await api.request("DELETE", f"{path}/hold", json={"reason": "case closed"})


async def test_erasure_answers_the_same_receipt_twice(api: httpx2.AsyncClient, store: Store) -> None:
    await whole_way(store, 1)

    first, second = [await api.post(f"{PATH}/erasure", json=WHY) for _ in range(2)]

    assert first.status_code == 200
    assert first.json() == second.json()
    assert (first.json()["because"], first.json()["position"]) == ("request", 1)
    looked_up = (await api.get(PATH)).json()
    assert (looked_up["identity"], looked_up["outcome"]) == (None, "approved")
    assert looked_up["erased_at"] == first.json()["erased_at"]


@pytest.mark.parametrize("reason", ["", "  ", None, "x" * 501])
async def test_reason_must_say_something(api: httpx2.AsyncClient, store: Store, reason: str | None) -> None:
    await whole_way(store, 1)
    for method, path in (("POST", "erasure"), ("PUT", "hold"), ("DELETE", "hold")):
        answer = await api.request(method, f"{PATH}/{path}", json={"reason": reason})
        assert_problem(answer, 422, "invalid_request")
    assert (await api.get(PATH)).json()["erased_at"] is None


async def test_unknown_verification(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.post(f"{PATH}/erasure", json=WHY), 404, "not_found")
    assert_problem(await api.put(f"{PATH}/hold", json=WHY), 404, "not_found")
    assert_problem(await lift(api), 404, "not_found")


async def keep_letter(store: Store, app_id: str) -> None:
    letter = callback(payload(1), app_id=app_id)
    await store.dead_letters.keep(letter, reason="refused", detail=app_id, now=NOW)


async def test_dead_letters_without_a_verification_are_erased(
    api: httpx2.AsyncClient, client_of: ClientOf, api_context: RealApi, store: Store
) -> None:
    await keep_letter(store, "demo")
    await api_context.tokens.put("other only", "t", apps=["other"])
    stranger = client_of("t")
    assert_problem(await stranger.post(f"{PATH}/erasure", json=WHY), 404, "not_found")
    assert_problem(await stranger.get(f"{PATH}/erasure"), 404, "not_found")
    explained = (await api.get(f"{PATH}/erasure")).json()
    assert {each["place"] for each in explained["places"] if each["count"]} == {"dead_letters"}
    assert_problem(await api.put(f"{PATH}/hold", json=WHY), 404, "not_found")

    first, second = [await api.post(f"{PATH}/erasure", json=WHY) for _ in range(2)]

    assert first.status_code == 200
    assert first.json() == second.json() == (await api.get(f"{PATH}/erasure")).json()["receipt"]
    assert (first.json()["app_id"], first.json()["places"]) == ("demo", {"dead_letters": 1})
    assert await store.letters() == []
    assert_problem(await stranger.post(f"{PATH}/erasure", json=WHY), 404, "not_found")


async def test_dead_letters_of_two_apps_need_the_app(api: httpx2.AsyncClient, store: Store) -> None:
    for app_id in ("demo", "other"):
        await keep_letter(store, app_id)

    assert_problem(await api.post(f"{PATH}/erasure", json=WHY), 400, "app_id_required")
    answer = await api.post(f"{PATH}/erasure", json=WHY, params={"app_id": "other"})

    assert answer.json()["app_id"] == "other"
    assert [each.detail for each in await store.letters()] == ["demo"]


async def test_hold_wins_until_it_is_lifted(api: httpx2.AsyncClient, store: Store) -> None:
    await whole_way(store, 1)
    hold = await api.put(f"{PATH}/hold", json=WHY)
    assert (hold.status_code, hold.json()["reason"]) == (200, WHY["reason"])

    assert_problem(await api.post(f"{PATH}/erasure", json=WHY), 409, "legal_hold")
    assert (await api.get(f"{PATH}/erasure")).json()["hold"] == hold.json()
    assert (await lift(api)).status_code == 204
    assert_problem(await lift(api), 404, "not_found")
    assert (await api.post(f"{PATH}/erasure", json=WHY)).status_code == 200
    assert_problem(await api.put(f"{PATH}/hold", json=WHY), 409, "already_erased")


async def test_every_place_is_explained(api: httpx2.AsyncClient, store: Store) -> None:
    await whole_way(store, 1)
    before = (await api.get(f"{PATH}/erasure")).json()
    assert {each["place"]: each["count"] for each in before["places"]} == {
        "data_key": 1, "identity": 1, "callbacks": 1, "results": 1, "notes": 0, "id_numbers": 1,
        "dead_letters": 0, "pictures": 0,
    }  # fmt: skip
    assert (before["receipt"], before["erased_at"], before["hold"]) == (None, None, None)

    receipt = (await api.post(f"{PATH}/erasure", json=WHY)).json()

    after = (await api.get(f"{PATH}/erasure")).json()
    assert after["receipt"] == receipt
    assert {each["count"] for each in after["places"]} == {0}


async def test_absent_key_store_leaves_everything(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await whole_way(store, 1)
    api_context.kept.is_away = True

    away = await api.post(f"{PATH}/erasure", json=WHY)
    assert_problem(away, 503, "unavailable")
    assert "store of keys" in away.json()["title"]

    assert (await api.get(f"{PATH}/erasure")).json()["begun_at"] is None


async def test_a_person_is_erased_by_number_except_what_is_held(
    api: httpx2.AsyncClient, store: Store
) -> None:
    for n in (1, 2):
        recorded = await store.record(callback(payload(n)))
        record = msgspec.structs.replace(decision_record(recorded), identity=Identity("陈大文", NUMBER))
        assert await store.decisions.save_once(record)
    await api.put(f"{PATH}/hold", json=WHY)
    body = {"app_id": "demo", "id_number": NUMBER, **WHY}

    answer = await api.post("/v1/persons/erasure", json=body)
    assert answer.headers["cache-control"] == "no-store"

    assert answer.status_code == 200
    assert NUMBER not in answer.text
    ends = {each["biz_id"]: each["receipt"] for each in answer.json()["items"]}
    assert ends[biz_id(1)] is None
    assert ends[biz_id(2)]["because"] == "person"
    found = await api.post("/v1/persons/search", json=body)
    assert [each["biz_id"] for each in found.json()["items"]] == [biz_id(1)]
    again = await api.post("/v1/persons/erasure", json=body)
    assert {each["biz_id"]: each["receipt"] for each in again.json()["items"]} == ends
    await api.request("DELETE", f"{PATH}/hold", json=WHY)
    last = await api.post("/v1/persons/erasure", json=body)
    assert {each["biz_id"] for each in last.json()["items"] if each["receipt"]} == {biz_id(1), biz_id(2)}
    other = await api.post("/v1/persons/erasure", json=body | {"id_number": OTHER_NUMBER})
    assert other.json()["items"] == []


async def test_a_reason_with_a_number_is_refused(api: httpx2.AsyncClient, store: Store) -> None:
    await whole_way(store, 1)
    answer = await api.post(f"{PATH}/erasure", json={"reason": f"of {NUMBER}"})
    assert_problem(answer, 422, "reason_has_number")
