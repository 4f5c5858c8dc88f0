"""Lookups, lists and timelines of verifications."""

import httpx2
import pytest

from domain.model import Outcome
from domain.pulls.budget import PullState
from domain.verifications.records import Recorded
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.storage.stores import NOW, Store, biz_id, callback, finished, payload

URL = f"/v1/verifications/{biz_id()}"


async def decided(store: Store, n: int = 1, *, app_id: str = "demo", **more: str) -> Recorded:
    """A verification that is decided."""
    tree = payload(n, **more)
    recorded = await store.record(callback(tree, app_id=app_id))
    await store.decide(recorded, outcome=Outcome.REJECTED, tree=tree)
    return recorded


async def test_a_decided_verification_is_shown_as_the_contract_says(
    api: httpx2.AsyncClient, store: Store
) -> None:
    recorded = await decided(store)
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(finished(recorded, 1))
    answer = await api.get(URL)
    assert answer.status_code == 200
    shown = answer.json()
    assert shown.pop("created_at").endswith("Z")
    assert shown == {
        "app_id": "demo",
        "biz_id": biz_id(),
        "biz_no": "order-1",
        "state": "decided",
        "outcome": "rejected",
        "effective_outcome": "rejected",
        "decided_by": "policy",
        "reasons": [{"code": "face.below_threshold", "detail": "41.2 < 64 (1e-3)"}],
        "basis": "callback",
        "policy": {"name": "default", "version": "4"},
        "vendor_status": "OK",
        "comparisons": {
            "result_faceid": {
                "confidence": 91.327,
                "thresholds": {"1e-3": 64, "1e-4": 69, "1e-5": 74, "1e-6": 79.9},
                "level": "1e-6",
            }
        },
        "identity": {"name": "欧****", "id_number": "1****************X"},
        "pulls": {"used": 1, "limit": 3, "until": "2026-03-08T12:00:00.000Z"},
        "registered": None,
        "held": False,
        "review": None,
        "received_at": "2026-03-07T12:00:00.000Z",
        "decided_at": "2026-03-07T12:00:00.000Z",
        "erased_at": None,
    }
    assert NAME not in answer.text
    assert ID_NUMBER not in answer.text


async def test_an_undecided_verification_has_no_outcome(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record()
    shown = (await api.get(URL)).json()
    assert (shown["state"], shown["outcome"], shown["basis"], shown["policy"]) == (
        "received",
        None,
        None,
        None,
    )
    assert (shown["identity"], shown["comparisons"], shown["reasons"]) == (None, {}, [])
    assert (shown["effective_outcome"], shown["decided_by"], shown["decided_at"]) == (None, None, None)


async def test_a_persons_outcome_counts_and_the_policys_stays(api: httpx2.AsyncClient, store: Store) -> None:
    await decided(store)
    await store.conclude(outcome=Outcome.APPROVED)
    shown = (await api.get(URL)).json()
    assert (shown["outcome"], shown["effective_outcome"], shown["decided_by"]) == (
        "rejected",
        "approved",
        "person",
    )


async def test_lists_filter_by_the_outcome_that_counts_and_by_reason(
    api: httpx2.AsyncClient, store: Store
) -> None:
    for n in (1, 2, 3):
        await decided(store, n)
    await store.conclude(2, outcome=Outcome.APPROVED)
    for query, expected in (
        ("effective_outcome=approved", [2]),
        ("effective_outcome=rejected", [3, 1]),
        ("outcome=rejected", [3, 2, 1]),
        ("reason=face.below_threshold", [3, 2, 1]),
        ("reason=face.below_threshold&effective_outcome=approved&limit=1", [2]),
        ("reason=attack.mask", []),
    ):
        assert await listed(api, query) == [biz_id(n) for n in expected], query
    assert_problem(await api.get("/v1/verifications?reason=no.such"), 422, "invalid_request")


@pytest.mark.parametrize(
    "unknown", [biz_id(9), "x", "a b", "..%2F..", "%00%00%00%00%00%00%00%00", "'--", "é" * 20]
)
@pytest.mark.parametrize("rest", ["", "/timeline"])
async def test_an_unknown_verification_is_404(api: httpx2.AsyncClient, unknown: str, rest: str) -> None:
    answer = await api.get(f"/v1/verifications/{unknown}{rest}")
    problem = assert_problem(answer, 404, "not_found")
    assert set(problem) == {"type", "title", "status", "code"}


async def test_another_apps_verification_is_as_unknown(
    store: Store, client_of: ClientOf, api_context: RealApi
) -> None:
    await decided(store, app_id="other")
    await decided(store, 2, app_id="unconfigured")
    await api_context.tokens.put("demo only", "t", apps=["demo", "unconfigured"])
    client = client_of("t")
    unknown = await client.get(f"/v1/verifications/{biz_id(9)}")
    for url in (URL, f"{URL}?app_id=other", f"{URL}/timeline", f"/v1/verifications/{biz_id(2)}"):
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (404, unknown.content)
    assert (await client.get("/v1/verifications")).json() == {"items": [], "next_cursor": None}
    assert (await client.get("/v1/verifications?app_id=other")).json() == {"items": [], "next_cursor": None}


async def test_a_biz_id_of_two_apps_needs_the_app(api: httpx2.AsyncClient, store: Store) -> None:
    await decided(store)
    await decided(store, app_id="other")
    assert_problem(await api.get(URL), 400, "app_id_required")
    assert_problem(await api.get(f"{URL}/timeline"), 400, "app_id_required")
    assert (await api.get(f"{URL}?app_id=other")).json()["app_id"] == "other"


async def test_the_timeline_is_every_event_oldest_first(api: httpx2.AsyncClient, store: Store) -> None:
    recorded = await store.record()
    await store.reserve(recorded, 1, now=NOW)
    lost = finished(recorded, 1, state=PullState.UNKNOWN, http_status=None, error="TIMEOUT")
    await store.ledger.finish(lost)
    await store.decide(recorded)
    items = (await api.get(f"{URL}/timeline")).json()["items"]
    assert [item["event"] for item in items] == ["callback.received", "pull.finished", "decision.saved"]
    assert items[1]["detail"] == {"n": 1, "state": "unknown", "http_status": None, "error": "TIMEOUT"}
    assert all(item["at"].endswith("Z") for item in items)


async def listed(api: httpx2.AsyncClient, query: str = "") -> list[str]:
    """The biz_ids of all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await api.get(
                f"/v1/verifications?{query}&cursor={cursor}" if cursor else f"/v1/verifications?{query}"
            )
        ).json()
        found += [item["biz_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return found


async def test_the_list_is_newest_first_in_pages(api: httpx2.AsyncClient, store: Store) -> None:
    for n in range(5):
        await store.record(callback(payload(n)))
    for limit in (1, 2, 5, 50):
        assert await listed(api, f"limit={limit}") == [biz_id(n) for n in (4, 3, 2, 1, 0)]


async def test_a_page_does_not_shift_when_rows_arrive(api: httpx2.AsyncClient, store: Store) -> None:
    for n in range(4):
        await store.record(callback(payload(n)))
    first = (await api.get("/v1/verifications?limit=2")).json()
    await store.record(callback(payload(9)))
    second = (await api.get(f"/v1/verifications?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["biz_id"] for item in second["items"]] == [biz_id(1), biz_id(0)]
    assert second["next_cursor"] is None


async def test_filters_narrow_the_list(api: httpx2.AsyncClient, store: Store) -> None:
    await decided(store, 1, biz_no="order-1")
    await store.record(callback(payload(2, biz_no="order-2")))
    created = (await api.get(f"/v1/verifications/{biz_id(2)}")).json()["created_at"]
    for query, expected in (
        ("biz_no=order-1", [1]),
        ("outcome=rejected", [1]),
        ("outcome=approved", []),
        ("state=received", [2]),
        ("app_id=demo", [2, 1]),
        ("app_id=other", []),
        ("app_id=nobody", []),
        (f"until={created}", [1]),
        ("since=2026-01-01T00:00:00%2B08:00", [2, 1]),
    ):
        assert await listed(api, query) == [biz_id(n) for n in expected], query
