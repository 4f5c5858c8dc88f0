"""Dead letters are listed, retried by way of the inbox, and deleted; another app's do not exist."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from service.api.context import ApiContext
from tests.adapters.builders import NOW, Store, callback, payload
from tests.domain.builders import ID_NUMBER, NAME
from tests.service.conftest import ClientOf, assert_problem

URL = "/v1/dead-letters"


async def keep(store: Store, n: int = 1, *, app_id: str = "demo") -> UUID:
    return await store.dead_letters.keep(
        callback(payload(n), app_id=app_id),
        reason="missing_biz_id",
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


async def test_a_retried_letter_is_back_in_the_inbox_with_a_job(
    api: httpx2.AsyncClient, store: Store, api_context: ApiContext
) -> None:
    key = await keep(store)
    answer = await api.post(f"{URL}/{key}/retry")
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    [batch_id] = await api_context.redis.zrange("inbox:pending", 0, -1)
    assert await api_context.inbox.load(batch_id.decode()) == [callback()]
    assert await api_context.queue.depth() == 1
    assert (await api.get(URL)).json()["items"] == []
    assert_problem(await api.post(f"{URL}/{key}/retry"), 404, "not_found")


async def test_without_redis_a_letter_stays(
    api: httpx2.AsyncClient, store: Store, api_context: ApiContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(api_context.inbox, "put", away)
    key = await keep(store)
    assert_problem(await api.post(f"{URL}/{key}/retry"), 503, "unavailable")
    assert len((await api.get(URL)).json()["items"]) == 1


async def test_a_letter_can_be_deleted_once(api: httpx2.AsyncClient, store: Store) -> None:
    key = await keep(store)
    answer = await api.delete(f"{URL}/{key}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await api.delete(f"{URL}/{key}"), 404, "not_found")
    assert (await api.get(URL)).json()["items"] == []


async def test_an_unknown_letter_is_404(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.post(f"{URL}/{uuid4()}/retry"), 404, "not_found")
    assert_problem(await api.delete(f"{URL}/{uuid4()}"), 404, "not_found")


async def test_another_apps_letter_is_as_unknown(
    store: Store, api: httpx2.AsyncClient, client_of: ClientOf, api_context: ApiContext
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
