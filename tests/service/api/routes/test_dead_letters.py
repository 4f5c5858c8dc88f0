"""Dead letters are listed, retried by way of the inbox, and deleted; another app's do not exist."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from adapters.redis.client import RedisAway
from adapters.sealing.envelope import KeyRing
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload
from tests.support.workers.batches import stored_batches

URL = "/v1/dead-letters"


async def keep(store: Store, n: int = 1, *, app_id: str = "demo", reason: str = "missing_biz_id") -> UUID:
    return await store.dead_letters.keep(
        callback(payload(n), app_id=app_id),
        reason=reason,
        detail="the payload carries no biz_id",
        now=NOW + timedelta(seconds=n),
    )


async def test_a_letter_is_listed_without_its_content(api: httpx2.AsyncClient, store: Store) -> None:
    key = await keep(store)
    answer = await api.get(URL)
    assert answer.json() == {
        "items": [
            {
                "id": str(key),
                "app_id": "demo",
                "kind": "notify",
                "reason": "missing_biz_id",
                "detail": "the payload carries no biz_id",
                "attempts": 1,
                "first_seen_at": "2026-03-07T12:00:01.000Z",
                "last_seen_at": "2026-03-07T12:00:01.000Z",
                "retried_at": None,
            }
        ],
        "next_cursor": None,
    }
    assert NAME not in answer.text
    assert ID_NUMBER not in answer.text


async def test_the_list_comes_in_stable_pages(api: httpx2.AsyncClient, store: Store) -> None:
    kept = [str(await keep(store, n)) for n in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = (await api.get(URL, params={"limit": 2, **cursor})).json()
        found += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
        await keep(store, 100 + len(found))
    assert found == kept[::-1]
    assert page["next_cursor"] is None


async def test_the_list_can_be_narrowed_to_an_app(api: httpx2.AsyncClient, store: Store) -> None:
    await keep(store)
    await keep(store, app_id="other")
    for app_id, count in (("demo", 1), ("other", 1), ("nobody", 0)):
        assert len((await api.get(URL, params={"app_id": app_id})).json()["items"]) == count


async def test_the_list_can_be_narrowed_to_a_reason(api: httpx2.AsyncClient, store: Store) -> None:
    await keep(store)
    await keep(store, 2, reason="bad_biz_id")
    for reason, count in (("missing_biz_id", 1), ("bad_biz_id", 1), ("never", 0)):
        assert len((await api.get(URL, params={"reason": reason})).json()["items"]) == count


async def test_a_retried_letter_is_back_in_the_inbox_with_a_job(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    key = await keep(store)
    answer = await api.post(f"{URL}/{key}/retry")
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    [batch] = (await stored_batches(api_context.redis, store.keys)).values()
    assert batch == [callback()]
    assert await api_context.looks.depth() == 1


async def test_a_retried_letter_is_listed_apart_until_it_is_recorded(
    api: httpx2.AsyncClient, store: Store
) -> None:
    key = await keep(store)
    await api.post(f"{URL}/{key}/retry")
    assert (await api.get(URL)).json()["items"] == []
    [letter] = (await api.get(URL, params={"retried": "true"})).json()["items"]
    assert (letter["id"], letter["retried_at"]) == (str(key), "2026-03-08T12:00:00.000Z")
    assert (await api.post(f"{URL}/{key}/retry")).status_code == 202


async def test_letters_with_one_reason_are_retried_in_one_batch(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    for n in range(5):
        await keep(store, n, reason="unexpected_type")
    await keep(store, 9)
    answer = await api.post(f"{URL}/retry", json={"reason": "unexpected_type", "limit": 3})
    assert (answer.status_code, answer.json()) == (202, {"retried": 3, "unreadable": 0, "remaining": 2})
    [batch] = (await stored_batches(api_context.redis, store.keys)).values()
    assert batch == [callback(payload(n)) for n in range(3)]
    answer = await api.post(f"{URL}/retry", json={"reason": "unexpected_type"})
    assert answer.json() == {"retried": 2, "unreadable": 0, "remaining": 0}
    assert len((await api.get(URL)).json()["items"]) == 1


async def test_a_bulk_retry_keeps_to_the_callers_apps_and_the_named_one(
    api: httpx2.AsyncClient, store: Store, client_of: ClientOf, api_context: RealApi
) -> None:
    await keep(store)
    await keep(store, app_id="other")
    await api_context.tokens.put("demo only", "t", apps=["demo"])
    foreign = await client_of("t").post(f"{URL}/retry", json={"reason": "missing_biz_id", "app_id": "other"})
    assert foreign.json() == {"retried": 0, "unreadable": 0, "remaining": 0}
    named = await api.post(f"{URL}/retry", json={"reason": "missing_biz_id", "app_id": "demo"})
    assert named.json() == {"retried": 1, "unreadable": 0, "remaining": 0}
    assert [letter.app_id for letter in await store.letters()] == ["other"]


@pytest.mark.parametrize(
    "body", [{}, {"reason": "r", "limit": 0}, {"reason": "r", "limit": 1001}, {"reason": "r", "all": True}]
)
async def test_a_bulk_retry_must_be_bounded_and_understood(
    api: httpx2.AsyncClient, body: dict[str, object]
) -> None:
    assert_problem(await api.post(f"{URL}/retry", json=body), 422, "invalid_request")


async def test_a_letter_that_no_key_decrypts_is_reported_and_stays(
    api: httpx2.AsyncClient, store: Store
) -> None:
    key = await keep(Store(store.engine, KeyRing([b"o" * 32])))
    assert_problem(await api.post(f"{URL}/{key}/retry"), 409, "unreadable")
    answer = await api.post(f"{URL}/retry", json={"reason": "missing_biz_id"})
    assert answer.json() == {"retried": 0, "unreadable": 1, "remaining": 1}
    assert [letter.id for letter in await store.letters()] == [key]


async def test_without_redis_a_letter_stays(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise RedisAway("ConnectionError")

    monkeypatch.setattr(api_context.inbox, "hand_over_sealed", away)
    key = await keep(store)
    assert_problem(await api.post(f"{URL}/{key}/retry"), 503, "unavailable")
    bulk = await api.post(f"{URL}/retry", json={"reason": "missing_biz_id"})
    assert_problem(bulk, 503, "unavailable")
    assert len((await api.get(URL)).json()["items"]) == 1


async def test_without_room_in_redis_a_letter_stays_and_the_caller_sees_why(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    key = await keep(store)
    await api_context.redis.config_set("maxmemory", "1mb")
    try:
        answers = [
            await api.post(f"{URL}/{key}/retry"),
            await api.post(f"{URL}/retry", json={"reason": "missing_biz_id"}),
        ]
    finally:
        await api_context.redis.config_set("maxmemory", "0")
    for answer in answers:
        assert assert_problem(answer, 503, "redis_full")["retried"] == 0
    assert [letter.id for letter in await store.letters()] == [key]
    assert (await api.post(f"{URL}/{key}/retry")).status_code == 202


async def test_a_letter_can_be_deleted_once(api: httpx2.AsyncClient, store: Store) -> None:
    key = await keep(store)
    answer = await api.delete(f"{URL}/{key}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await api.delete(f"{URL}/{key}"), 404, "not_found")
    assert (await api.get(URL)).json()["items"] == []


async def test_a_letter_of_a_held_verification_is_not_deleted(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record()
    key = await keep(store)
    await api.put(f"/v1/verifications/{biz_id(1)}/hold", json={"reason": "court order 7"})
    assert_problem(await api.delete(f"{URL}/{key}"), 409, "legal_hold")
    assert [letter.id for letter in await store.letters()] == [key]


async def test_an_unknown_letter_is_404(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.post(f"{URL}/{uuid4()}/retry"), 404, "not_found")
    assert_problem(await api.delete(f"{URL}/{uuid4()}"), 404, "not_found")


async def test_another_apps_letter_is_as_unknown(
    store: Store, api: httpx2.AsyncClient, client_of: ClientOf, api_context: RealApi
) -> None:
    key = await keep(store, app_id="other")
    await api_context.tokens.put("demo only", "t", apps=["demo"])
    client = client_of("t")
    assert (await client.get(URL)).json()["items"] == []
    assert_problem(await client.post(f"{URL}/{key}/retry"), 404, "not_found")
    assert_problem(await client.delete(f"{URL}/{key}"), 404, "not_found")
    assert len((await api.get(URL)).json()["items"]) == 1


@pytest.mark.parametrize("letter_id", ["canary", "1", "%00"])
async def test_an_id_that_is_none_is_not_echoed(api: httpx2.AsyncClient, letter_id: str) -> None:
    answer = await api.delete(f"{URL}/{letter_id}")
    problem = assert_problem(answer, 422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == ["path.letter_id"]
    assert "canary" not in answer.text
