"""`reconcile`: a dry run changes nothing; otherwise all due verifications are handed to the workers."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from domain.apps.registration import Registration
from domain.model import verification_id
from tests.cli.conftest import Run, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import Store, biz_id, callback, payload

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(environment: pytest.MonkeyPatch, database_url: str) -> None:
    """One whose token is good (1), one to ask for (2), one to give up (3), one of another app (4), one with
    its callback (5)."""
    environment.setenv("FACEID_DATABASE_URL", database_url)

    async def fill() -> None:
        engine = create_engine(database_url)
        store, now = Store(engine, KeyRing([b"k" * 32])), datetime.now(UTC)
        await empty_tables(engine)
        for n, app_id, ago in (
            (1, "demo", 0),
            (2, "demo", 2),
            (3, "demo", 25),
            (4, "other", 3),
            (5, "demo", 1),
        ):
            registration = Registration("order-1", now - ago * HOUR, now - ago * HOUR + HOUR / 2)
            await store.registrations.register(app_id, biz_id(n), registration, by="token:orders")
        await store.record(callback(payload(5), received_at=now))
        await engine.dispose()

    asyncio.run(fill())


@pytest.fixture
def redis(environment: pytest.MonkeyPatch, redis_url: str) -> Iterator[Redis]:
    environment.setenv("FACEID_REDIS_URL", redis_url)
    redis = Redis.from_url(redis_url)
    redis.flushdb()
    yield redis
    redis.close()


def steps(out: str) -> dict[str, str]:
    """When each is looked at next, by biz_id."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    return {row[1]: "later" if row[5].endswith("Z") else row[5] for row in rows}


def test_a_dry_run_shows_each_that_waits_and_does_nothing(run: Run, waiting: None, redis: Redis) -> None:
    code, out, err = run("reconcile", "--dry-run")
    assert (code, err) == (0, "")
    assert steps(out) == {
        biz_id(1): "later",
        biz_id(2): "now",
        biz_id(3): "give up",
        biz_id(4): "now",
    }
    assert "0 of 3" in out
    assert redis.keys("*") == []


def test_it_is_narrowed_and_cut_off(run: Run, waiting: None, redis: Redis) -> None:
    assert list(steps(run("reconcile", "--dry-run", "--app", "other")[1])) == [biz_id(4)]
    _, out, _ = run("reconcile", "--dry-run", "--limit", "1")
    assert list(steps(out)) == [biz_id(3)], "the longest due come first"
    assert "… and 3 more" in out
    assert "No registered verification waits" in run("reconcile", "--dry-run", "--app", "nobody")[1]


def test_the_settings_rules_are_those_of_the_workers(
    run: Run, waiting: None, redis: Redis, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FACEID_RECONCILE_GRACE", "7200")
    assert steps(run("reconcile", "--dry-run")[1])[biz_id(2)] == "later"


def test_all_that_is_due_is_handed_to_the_workers(run: Run, waiting: None, redis: Redis) -> None:
    assert run("reconcile") == (0, "3 handed to the workers\n", "")
    jobs = {key.decode().split(":")[4] for key in redis.scan_iter("arq:job:faceid:settle:*")}
    assert jobs == {
        str(verification_id(app_id, biz_id(n))) for app_id, n in (("demo", 2), ("demo", 3), ("other", 4))
    }
    redis.flushdb()
    assert run("reconcile", "--app", "demo", "--limit", "1")[1] == "1 handed to the workers\n"


def test_a_full_redis_is_reported_in_one_line(run: Run, waiting: None, redis: Redis) -> None:
    redis.config_set("maxmemory", "1mb")
    try:
        assert_one_line(run("reconcile"), "FACEID_REDIS_URL: the server has reached its maxmemory")
    finally:
        redis.config_set("maxmemory", "0")
