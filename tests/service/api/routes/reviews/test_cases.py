"""Reviews over HTTP: persons claim, conclude and approve; programs do not; other apps have no part in it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from domain.model import Outcome
from domain.people.person import PersonRef
from domain.people.roles import Grant, Role, rights_of
from domain.views.tokens import ApiToken
from service.api.main import create_app
from tests.service.conftest import ClientOf, assert_problem, clients_of
from tests.support.http.api import RealApi, door_of
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import Store, biz_id, callback, payload

URL = "/v1/reviews"
REVIEWER, SENIOR, VIEWER, OPERATOR = map(Grant, (Role.REVIEWER, Role.SENIOR, Role.VIEWER, Role.OPERATOR))
STRANGER = Grant(Role.SENIOR, "other")
PERSONS = {"li": REVIEWER, "wang": SENIOR, "chen": SENIOR, "viewer": VIEWER, "ops": OPERATOR}
PERSONS["stranger"] = STRANGER
REJECTION = {"outcome": "rejected", "reasons": ["attack.confirmed"]}
APPROVAL = {"outcome": "approved", "reasons": ["person.matches"], "note": "seen at the counter"}


class NotedTokens:
    """Tokens for each person, `NAME` or `NAME/SCOPE` for one scope, and one for a program that claims every
    scope.
    """

    async def check(self, token: str) -> ApiToken | None:
        if token == "program":
            return ApiToken("orders", None, ["verifications:read", "review", "approve"], None)
        name, _, only = token.partition("/")
        grant = PERSONS.get(name)
        if grant is None:
            return None
        person = PersonRef(UUID(int=[*PERSONS].index(name) + 1), name)
        return ApiToken(
            f"person:{name}", None, [], None, person, rights_of([grant]), [only] if only else None
        )


@pytest.fixture
async def of(api_context: RealApi) -> AsyncIterator[ClientOf]:
    async with clients_of(create_app(replace(api_context, door=door_of(NotedTokens())))) as of:
        yield of


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store)


async def step(client: httpx2.AsyncClient, case_id: UUID, name: str, **body: Any) -> httpx2.Response:
    return await client.post(f"{URL}/{case_id}/{name}", json=body)


async def shown(client: httpx2.AsyncClient, case_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"{URL}/{case_id}")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def concluded(client: httpx2.AsyncClient, case_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    assert (await step(client, case_id, "claim")).status_code == 200
    evidence_hash = (await shown(client, case_id))["evidence_hash"]
    answer = await step(client, case_id, "propose", evidence_hash=evidence_hash, **body)
    assert answer.status_code == 200, answer.text
    case: dict[str, Any] = answer.json()
    return case


async def test_two_persons_approve(of: ClientOf, reviews: Reviews) -> None:
    case_id = await reviews.case()
    li, wang = of("li"), of("wang")
    assert (await concluded(li, case_id, APPROVAL))["state"] == "proposed"
    assert_problem(await step(li, case_id, "claim"), 403, "same_person")
    [listed] = (await wang.get(URL, params={"state": "proposed"})).json()["items"]
    assert listed["proposal"] == {"by": "person:li", "outcome": "approved", "reasons": ["person.matches"]}
    claimed = (await wang.post(f"{URL}/next")).json()
    assert (claimed["id"], claimed["claim"]["by"]) == (str(case_id), "person:wang")
    view = await shown(wang, case_id)
    assert [event["note"] for event in view["events"] if event["note"]] == [APPROVAL["note"]]
    answer = await step(wang, case_id, "approve", evidence_hash=view["evidence_hash"], fence=view["fence"])
    assert answer.json()["state"] == "closed"
    looked = (await wang.get(f"/v1/verifications/{biz_id()}")).json()
    assert (looked["outcome"], looked["effective_outcome"], looked["decided_by"]) == (
        "review",
        "approved",
        "person",
    )


async def test_a_case_shows_what_the_hash_is_over(of: ClientOf, reviews: Reviews) -> None:
    view = await shown(of("li"), await reviews.case())
    evidence = view["evidence"]
    assert (view["biz_id"], view["state"], view["priority"]) == (biz_id(), "open", "normal")
    assert (evidence["outcome"], evidence["basis"], evidence["reviews"]) == ("review", "callback", [])
    assert [document["kind"] for document in evidence["documents"]] == ["notify"]
    assert evidence["facts"]["callback"]["comparisons"]["result_faceid"]["confidence"] == 91.327
    assert [event["kind"] for event in view["events"]] == ["opened"]


async def test_another_persons_claim_holds_until_a_senior_takes_it(of: ClientOf, reviews: Reviews) -> None:
    case_id = await reviews.case()
    claim = (await step(of("wang"), case_id, "claim")).json()["claim"]
    problem = assert_problem(await step(of("li"), case_id, "claim"), 409, "claimed_by_another")
    assert (problem["by"], problem["lease_until"]) == ("person:wang", claim["lease_until"])
    assert_problem(await step(of("li"), case_id, "take-over"), 403, "senior_required")
    assert (await step(of("chen"), case_id, "take-over")).json()["claim"]["by"] == "person:chen"
    assert_problem(await step(of("wang"), case_id, "release", fence=1), 409, "lease_lost")


async def test_what_changed_is_named(of: ClientOf, reviews: Reviews) -> None:
    case_id, li = await reviews.case(), of("li")
    await step(li, case_id, "claim")
    before = (await shown(li, case_id))["evidence_hash"]
    await reviews.store.record(callback(payload() | {"another": 1}))
    answer = await step(li, case_id, "propose", evidence_hash=before, **REJECTION)
    problem = assert_problem(answer, 409, "evidence_changed")
    after = (await shown(li, case_id))["evidence_hash"]
    assert (problem["changed"], problem["evidence_hash"]) == (["documents"], after)
    forged = await step(li, case_id, "propose", evidence_hash="0", **REJECTION)
    assert len(assert_problem(forged, 409, "evidence_changed")["changed"]) == 5


async def test_a_double_submit_is_done_once(of: ClientOf, reviews: Reviews) -> None:
    case_id, li = await reviews.case(), of("li")
    await concluded(li, case_id, REJECTION)
    again = await step(li, case_id, "propose", evidence_hash="1", **REJECTION)
    assert_problem(again, 409, "case_closed")


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("propose", REJECTION | {"evidence_hash": "1"}, 409, "not_claimed"),
        ("propose", APPROVAL | {"note": None, "evidence_hash": "1"}, 422, "conclusion_refused"),
        ("propose", APPROVAL | {"outcome": "review", "evidence_hash": "1"}, 422, "invalid_request"),
        ("propose", APPROVAL, 422, "invalid_request"),
        ("approve", {"evidence_hash": "1"}, 409, "wrong_state"),
        ("return", {"note": "?"}, 409, "wrong_state"),
        ("close", {"reasons": ["person.matches"]}, 422, "conclusion_refused"),
        ("close", {"reasons": ["duplicate"]}, 409, "not_claimed"),
        ("release", {"other": 1}, 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    of: ClientOf, reviews: Reviews, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    case_id = await reviews.case()
    assert_problem(await step(of("wang"), case_id, name, **body), status, code)


async def test_a_snooze_ends_the_claim(of: ClientOf, reviews: Reviews, api_context: RealApi) -> None:
    case_id, li = await reviews.case(), of("li")
    await step(li, case_id, "claim")
    until = (api_context.clock() + timedelta(hours=1)).isoformat()
    case = (await step(li, case_id, "snooze", until=until)).json()
    assert (case["state"], case["claim"]) == ("snoozed", None)
    too_late = (api_context.clock() + timedelta(days=31)).isoformat()
    await step(li, case_id, "claim")
    assert_problem(await step(li, case_id, "snooze", until=too_late), 422, "conclusion_refused")


async def test_only_persons_review(of: ClientOf, reviews: Reviews) -> None:
    case_id = await reviews.case()
    program, viewer = of("program"), of("viewer")
    for client, code in ((program, "person_required"), (viewer, "missing_scope")):
        for answer in (
            await client.get(URL),
            await client.get(f"{URL}/{case_id}"),
            await client.post(f"{URL}/next"),
            await step(client, case_id, "claim"),
            await step(client, case_id, "approve", evidence_hash="1"),
            await client.post(f"/v1/verifications/{biz_id()}/appeals", json={"reason": "it is me"}),
        ):
            assert_problem(answer, 403, code)


async def test_cases_of_other_apps_are_not_there(of: ClientOf, reviews: Reviews) -> None:
    case_id, stranger = await reviews.case(), of("stranger")
    assert (await stranger.get(URL)).json()["items"] == []
    assert_problem(await stranger.get(f"{URL}/{case_id}"), 404, "not_found")
    assert_problem(await step(stranger, case_id, "claim"), 404, "not_found")
    assert_problem(await stranger.post(f"{URL}/next"), 404, "not_found")
    assert_problem(await of("li").get(f"{URL}/{uuid4()}"), 404, "not_found")
    counted = await stranger.post(f"{URL}/end", json={"case_ids": [str(case_id)], "reasons": ["duplicate"]})
    assert counted.json()["count"] == 0


async def test_pages_follow_the_queue(of: ClientOf, reviews: Reviews) -> None:
    ids = {str(await reviews.case(n)) for n in range(1, 6)}
    li, found, cursor = of("li"), list[str](), None
    for _ in range(3):
        page = (
            await li.get(URL, params={"limit": 2} | ({} if cursor is None else {"cursor": cursor}))
        ).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (set(found), len(found), cursor) == (ids, 5, None)
    assert_problem(await li.get(URL, params={"cursor": "x"}), 400, "bad_cursor")


async def test_many_cases_end_after_a_count(of: ClientOf, reviews: Reviews) -> None:
    ids = [str(await reviews.case(n)) for n in range(1, 5)]
    li = of("li")
    await step(of("wang"), UUID(ids[0]), "claim")
    order = {"case_ids": ids, "outcome": "rejected", "reasons": ["attack.confirmed"]}
    assert (await li.post(f"{URL}/end", json=order)).json() == {"count": 4, "done": None, "refused": None}
    wrong = await li.post(f"{URL}/end", json=order | {"dry_run": False, "expected": 3})
    assert_problem(wrong, 422, "conclusion_refused")
    ended = (await li.post(f"{URL}/end", json=order | {"dry_run": False, "expected": 4})).json()
    assert ended == {"count": 4, "done": 3, "refused": {"claimed_by_another": 1}}
    approved = await li.post(f"{URL}/end", json=order | {"outcome": "approved"})
    assert_problem(approved, 422, "invalid_request")
    many = order | {"case_ids": [str(uuid4()) for _ in range(501)]}
    assert_problem(await li.post(f"{URL}/end", json=many), 422, "invalid_request")


async def test_an_appeal_opens_a_case(of: ClientOf, reviews: Reviews) -> None:
    await reviews.verification(outcome=Outcome.REJECTED)
    li, url = of("li"), f"/v1/verifications/{biz_id()}/appeals"
    first = await li.post(url, json={"reason": "it is me"})
    again = await li.post(url, json={"reason": "really"})
    assert (first.status_code, first.json()["is_new"], again.json()["is_new"]) == (201, True, False)
    assert (first.json()["because"], again.json()["case_id"]) == ("appeal", first.json()["case_id"])
    assert_problem(await li.post(url, json={"reason": ""}), 422, "invalid_request")
    missing = await li.post(f"/v1/verifications/{biz_id(2)}/appeals", json={"reason": "x"})
    assert_problem(missing, 404, "not_found")
    await reviews.store.record(callback(payload(3)))
    undecided = await li.post(f"/v1/verifications/{biz_id(3)}/appeals", json={"reason": "x"})
    assert_problem(undecided, 409, "not_decided")


async def test_an_operator_opens_a_case(of: ClientOf, reviews: Reviews) -> None:
    await reviews.verification(outcome=Outcome.APPROVED)
    url = f"/v1/verifications/{biz_id()}/reviews"
    opened = await of("ops").post(url, json={"reason": "the shop doubts it"})
    assert (opened.status_code, opened.json()["because"]) == (201, "operator")
    again = await of("ops").post(url, json={"reason": "really"})
    assert (again.json()["is_new"], again.json()["case_id"]) == (False, opened.json()["case_id"])
    view = await shown(of("li"), opened.json()["case_id"])
    noted = [(event["kind"], event["by"], event["note"]) for event in view["events"]]
    assert noted == [
        ("opened", "person:ops", "the shop doubts it"),
        ("noted", "person:ops", "really"),
    ]
    assert_problem(await of("li").post(url, json={"reason": "x"}), 403, "missing_scope")
    rows = await reviews.store.rows("SELECT actor, reason FROM audit WHERE action = 'review.opened'")
    assert rows == [("person:ops", "operator")]


async def test_a_blind_second_look_hides_what_was_concluded(of: ClientOf, reviews: Reviews) -> None:
    first = await reviews.case(policy=policy_with(review={"second_look": 1.0}))
    await concluded(of("li"), first, REJECTION)
    url = f"/v1/verifications/{biz_id()}"
    hidden: tuple[object, ...] = ("review", None, None)
    for name, expected in {
        "wang": hidden,
        "chen": hidden,
        "chen/verifications:read": hidden,
        "li": ("review", "rejected", "person"),
        "viewer": ("review", "rejected", "person"),
        "program": ("review", "rejected", "person"),
    }.items():
        found = (await of(name).get(url)).json()
        [listed] = (await of(name).get("/v1/verifications")).json()["items"]
        assert found == listed, name
        assert tuple(found[each] for each in ("outcome", "effective_outcome", "decided_by")) == expected, name
        events = {each["event"] for each in (await of(name).get(f"{url}/timeline")).json()["items"]}
        assert any(each.startswith("review.") for each in events) == (expected != hidden), name
        filtered = await of(name).get("/v1/verifications", params={"effective_outcome": "rejected"})
        assert bool(filtered.json()["items"]) == (expected != hidden), name
        explained = (await of(name).get(f"{url}/explanation")).json()
        assert tuple(explained[each] for each in ("effective_outcome", "decided_by")) == expected[1:], name
        assert (explained["review"] is None) == (expected == hidden), name
    assert_problem(await of("wang").get(f"{URL}/{first}"), 409, "second_look_waits")
    assert (await of("li").get(f"{URL}/{first}")).status_code == 200
    second = (await of("wang").post(f"{URL}/next")).json()["id"]
    assert (await concluded(of("wang"), second, REJECTION))["state"] == "closed"
    assert (await of("wang").get(url)).json()["effective_outcome"] == "rejected"
    assert (await of("wang").get(f"{URL}/{first}")).status_code == 200
