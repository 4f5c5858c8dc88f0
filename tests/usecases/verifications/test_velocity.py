"""One number, many verifications: from the callback to the decision under a policy that limits them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pytest
from sqlalchemy import event, text

from adapters.policies.folder import PolicyBook
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.sealing.envelope import KeyRing
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.identity.numbers.index import FORGET
from domain.apps.app import App
from domain.model import ConfirmationMode, verification_id
from domain.policy.explanation import Explanation, explain
from domain.policy.facts.facts import Velocity
from tests.support.payloads.callbacks import drop, policy_text
from tests.support.storage.stores import Json, Store, biz_id, callback, payload
from tests.support.workers.jobs import Jobs, answered, app
from usecases.context import WorkerContext

LIMITS: Final = {"max_same_number_30d": 1, "exceeded": "reject"}
STOPPED: Final = ("decided", "rejected", ["velocity.same_number_30d"])
APPROVED: Final[tuple[str, str, list[str]]] = ("decided", "approved", [])


@pytest.fixture
def limiting(jobs: Jobs, tmp_path: Path) -> WorkerContext:
    """The context under a policy that lets one other verification of a number pass."""
    policy = policy_text(velocity=LIMITS)
    (tmp_path / "test.toml").write_text(policy)
    (tmp_path / "plain.toml").write_text(policy_text().replace('"test"', '"plain"'))
    return replace(jobs.context, policies=PolicyBook.open(tmp_path), apps={"demo": decided_by("test")})


def decided_by(policy: str, *, candidate: str | None = None) -> App:
    return msgspec.structs.replace(
        app(confirmation=ConfirmationMode.OFF), policy=policy, candidate_policy=candidate
    )


async def come(jobs: Jobs, context: WorkerContext, *numbers: int, tree: Json | None = None) -> None:
    """The callbacks of these verifications come, one batch each."""
    for n in numbers:
        await jobs.inbox.hand_over(f"b{n}", [callback(tree or payload(n))])
        await jobs.work(context)


async def explanation(jobs: Jobs, n: int) -> Explanation:
    decided = await PgStoredDecisions(jobs.store.engine).get(verification_id("demo", biz_id(n)))
    assert decided is not None
    return explain(decided)


async def test_the_third_verification_of_a_number_is_stopped(jobs: Jobs, limiting: WorkerContext) -> None:
    await come(jobs, limiting, 1, 2, 3)
    assert [await jobs.outcome(n) for n in (1, 2, 3)] == [APPROVED, APPROVED, STOPPED]
    explained = await explanation(jobs, 3)
    assert explained.facts.callback is not None
    assert explained.facts.callback.velocity == Velocity(2, 2)
    assert [run.verdict for run in explained.rules if run.rule == "velocity"] == ["reject"]
    assert explained.reasons[0]["detail"] == "2 > 1"
    assert explained.decided_at == jobs.clock.now


async def test_it_is_computed_to_the_same_after_the_index_has_forgotten(
    jobs: Jobs, limiting: WorkerContext
) -> None:
    await come(jobs, limiting, 1, 2, 3)
    async with jobs.store.engine.begin() as connection:
        ids = [verification_id("demo", biz_id(n)) for n in (1, 2, 3)]
        await connection.execute(text(FORGET), {"ids": ids})
    for n in (1, 2, 3):
        recomputed = (await explanation(jobs, n)).recomputed
        assert recomputed is not None
        assert recomputed.same


async def test_a_payload_without_a_number_goes_to_a_person(jobs: Jobs, limiting: WorkerContext) -> None:
    await come(jobs, limiting, 1, tree=drop(payload(), "idcard_info"))
    assert await jobs.outcome() == ("decided", "review", ["velocity.missing"])


async def test_a_candidate_that_limits_is_asked_for_its_count(jobs: Jobs, limiting: WorkerContext) -> None:
    context = replace(limiting, apps={"demo": decided_by("plain", candidate="test")})
    await come(jobs, context, 1, 2, 3)
    assert await jobs.outcome(3) == APPROVED
    [row] = await jobs.store.rows(
        "SELECT outcome FROM shadow_decisions WHERE verification_id = :id",
        id=verification_id("demo", biz_id(3)),
    )
    assert row == ("rejected",)


async def test_a_result_after_the_decision_is_judged_by_what_it_says(
    jobs: Jobs, limiting: WorkerContext
) -> None:
    await come(jobs, limiting, 1)
    jobs.vendor.answers = [answered(payload(1))]
    async with jobs.store.engine.begin() as connection:
        asked = text("UPDATE verifications SET asked_at = :now, due_at = :now")
        await connection.execute(asked, {"now": jobs.clock.now})
    await jobs.advance_due(limiting)
    [(detail,)] = await jobs.store.rows("SELECT detail FROM timeline WHERE event = 'result.obtained'")
    assert detail == {"outcome": "approved", "agreement": "agree"}


class _Nobody:
    """Must not be asked."""

    async def count(self, *_args: object, **_more: object) -> Velocity | None:
        raise AssertionError("asked")


class _Away:
    """PostgreSQL is away when it counts."""

    async def count(self, *_args: object, **_more: object) -> Velocity | None:
        raise DatabaseAway("away")


async def test_nothing_is_decided_without_the_count(jobs: Jobs, limiting: WorkerContext) -> None:
    await come(jobs, replace(limiting, velocity=_Away()), 1)
    assert await jobs.outcome() == ("received", None, [])
    jobs.clock.go_on(jobs.context.lease)
    await jobs.advance_due(limiting)
    assert await jobs.outcome() == APPROVED


async def test_two_workers_at_once_do_not_overlook_each_other(
    jobs: Jobs, limiting: WorkerContext, tmp_path: Path
) -> None:
    (tmp_path / "test.toml").write_text(policy_text(velocity=LIMITS | {"max_same_number_30d": 0}))
    context = replace(limiting, policies=PolicyBook.open(tmp_path))
    other = Store(jobs.store.engine, jobs.store.keys)
    contexts = [context, replace(context, velocity=other.velocity, decisions=other.decisions)]
    for n in range(10):
        await jobs.inbox.hand_over(f"b{n}", [callback(payload(n))])
    await asyncio.gather(*(jobs.work(each) for each in contexts))
    outcomes = [await jobs.outcome(n) for n in range(10)]
    assert outcomes.count(STOPPED) >= 9


async def test_a_policy_without_a_maximum_costs_no_statement(
    jobs: Jobs, limiting: WorkerContext, keys: KeyRing, database_url: str
) -> None:
    plain = replace(limiting, apps={"demo": decided_by("plain")}, velocity=_Nobody())
    engine, ran = create_engine(database_url), []

    @event.listens_for(engine.sync_engine, "connect")
    def _listen(connection: object, _record: object) -> None:
        driver = connection.driver_connection  # type: ignore[attr-defined]
        driver.add_query_logger(lambda query: ran.append(query.query))

    store = Store(engine, keys)
    counted = []
    for n, context in enumerate((plain, replace(limiting, velocity=store.velocity)), start=1):
        # The first of each policy stores its text.
        await come(jobs, replace(context, decisions=store.decisions), n * 10)
        ran.clear()
        await come(jobs, replace(context, decisions=store.decisions), n * 10 + 1)
        counted.append([query for query in ran if "id_numbers" in query or "decisions" in query])
    await engine.dispose()
    assert [len(each) for each in counted] == [1, 3]
