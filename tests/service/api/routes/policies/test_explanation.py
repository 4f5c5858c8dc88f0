"""`GET /v1/verifications/{biz_id}/explanation`: all that was decided on, and the same decision again."""

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.model import Outcome
from tests.service.api.routes.policies.conftest import as_token
from tests.support.payloads.callbacks import compared, default_policy, passing_facts
from tests.support.storage.stored import (
    add_review,
    add_verification,
    biz_id,
    confirmed,
    decision_record,
    save_all,
)

CODES = {"code", "detail", "en", "zh"}


async def explanation(api: httpx2.AsyncClient, n: int = 0, **params: str) -> httpx2.Response:
    return await api.get(f"/v1/verifications/{biz_id(n)}/explanation", params=params)


async def test_a_disagreement_is_explained_with_both_values(
    api: httpx2.AsyncClient, engine: AsyncEngine
) -> None:
    result = passing_facts(comparisons=compared(41.206))
    await save_all(engine, [decision_record(0, default_policy(), result=result)])
    told = (await explanation(api)).raise_for_status().json()
    assert (told["outcome"], told["basis"], told["agreement"]) == ("review", "result", "disagree")
    assert told["disagreements"][0] == {
        "fact": "comparisons.result_faceid.confidence",
        "callback": 91.327,
        "result": 41.206,
    }
    assert [reason["code"] for reason in told["reasons"]] == [
        "confirmation.disagrees",
        "face.below_threshold",
    ]
    assert told["reasons"][1] == {
        "code": "face.below_threshold",
        "detail": "41.206 < 64 (1e-3)",
        "en": "The face score is below the required level",
        "zh": "人脸比对分数低于要求的阈值",
    }
    assert told["recomputed"] == {"same": True, "outcome": "review"}


async def test_every_rule_that_ran_is_listed_in_order(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await save_all(engine, [confirmed(0, default_policy(), confidence=70)])
    told = (await explanation(api)).json()
    verdicts = {run["rule"]: run["verdict"] for run in told["rules"]}
    assert list(verdicts)[:5] == ["status", "genuineness", "liveness", "verify_error", "face"]
    assert verdicts["face"] == "review"
    assert set(verdicts.values()) == {"passed", "review"}
    assert all(set(reason) == CODES for run in told["rules"] for reason in run["reasons"])


async def test_policy_and_facts_are_shown_completely(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    told = (await explanation(api)).json()
    policy = default_policy()
    assert told["policy"] == {
        "name": "default",
        "version": "4",
        "content_hash": policy.content_hash,
        "text": policy.text,
    }
    assert told["facts"]["callback"] == told["facts"]["result"]
    assert told["facts"]["result"]["comparisons"]["result_faceid"]["confidence"] == 91.327
    assert (told["unconfirmed"], told["confirmation"], told["agreement"]) == (None, "required", "agree")


async def test_why_there_was_no_result(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await save_all(engine, [decision_record(0, default_policy())])
    told = (await explanation(api)).json()
    assert told["unconfirmed"]["code"] == "confirmation.unavailable"
    assert told["unconfirmed"]["detail"] == "TIMEOUT"
    assert (told["agreement"], told["facts"]["result"]) == ("unconfirmed", None)
    assert told["recomputed"]["same"] is True


async def test_a_result_whose_callback_never_came(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await save_all(engine, [decision_record(0, default_policy(), result=passing_facts(), heard=False)])
    told = (await explanation(api)).raise_for_status().json()
    assert (told["outcome"], told["basis"], told["agreement"]) == ("approved", "result", "result_only")
    assert told["facts"]["callback"] is None
    assert told["facts"]["result"]["liveness"] == "PASS"
    assert told["recomputed"] == {"same": True, "outcome": "approved"}


async def test_the_newest_review_is_beside_the_recomputed_decision(
    api: httpx2.AsyncClient, engine: AsyncEngine
) -> None:
    await save_all(engine, [confirmed(0, default_policy(), confidence=70)])
    before = (await explanation(api)).json()
    assert (before["effective_outcome"], before["decided_by"], before["review"]) == ("review", "policy", None)
    await add_review(engine, 0, Outcome.REJECTED, "person.differs")
    await add_review(engine, 0, Outcome.APPROVED, "person.matches")
    told = (await explanation(api)).raise_for_status().json()
    assert (told["effective_outcome"], told["decided_by"]) == ("approved", "person")
    review = told["review"]
    assert (review["n"], review["outcome"], review["by_two"]) == (2, "approved", True)
    assert review["reasons"] == [
        {"code": "person.matches", "en": "The person matches the document", "zh": "本人与证件一致"}
    ]
    assert "another" not in str(review)
    about_the_decision = before.keys() - {"effective_outcome", "decided_by", "review"}
    assert {name: told[name] for name in about_the_decision} == {
        name: before[name] for name in about_the_decision
    }


async def test_undecided_is_a_conflict(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await add_verification(engine, 0)
    answer = await explanation(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_decided")


async def test_unknown_and_foreign_are_not_found(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    unknown = await explanation(api, 1)
    foreign = await api.get(f"/v1/verifications/{biz_id(0)}/explanation", headers=as_token("other"))
    assert unknown.status_code == foreign.status_code == 404
    assert unknown.json() == foreign.json()


async def test_two_apps_with_one_biz_id(api: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    for app_id in ("demo", "other"):
        await save_all(engine, [confirmed(0, default_policy(), app_id=app_id)], app_id=app_id)
    assert (await explanation(api)).json()["code"] == "app_id_required"
    assert (await explanation(api, app_id="other")).json()["app_id"] == "other"


@pytest.mark.parametrize(("token", "status"), [("operator", 403), ("nobody", 401)])
async def test_it_needs_the_scope_to_read(api: httpx2.AsyncClient, token: str, status: int) -> None:
    answer = await api.get(f"/v1/verifications/{biz_id(0)}/explanation", headers=as_token(token))
    assert answer.status_code == status
