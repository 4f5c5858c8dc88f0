"""Erasing by age is spread over time, and looks rarely where nothing is due."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.identity.retention import Due, Kind, Retention
from domain.people.actor import Actor
from tests.support.memory.audit import Rows
from tests.support.storage.stores import NOW, Clock
from tests.support.workers.jobs import Jobs
from usecases.identity.retain import REST, RetentionRun
from usecases.identity.upkeep import MOST, RATE, IdentityUpkeep

LOOKED_AT = [kind for kind in Retention.kinds() if kind is not Kind.ATTEMPTS]
"""Senders delete the other one."""


class Budgets:
    """Notes what runs may erase."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def run(self, *, budget: int) -> list[object]:
        self.seen.append(budget)
        return []


class Ages:
    """Numbers of what is due, by app and class; notes the looks."""

    def __init__(self, **counts: Mapping[Kind, int]) -> None:
        self.left = {app_id: Counter(of_app) for app_id, of_app in counts.items()}
        self.looks: list[Kind] = []

    async def due(self, app_id: str, kind: Kind, *, before: datetime) -> Due:
        return Due(app_id, kind, self.left[app_id][kind])

    async def step(self, app_id: str, kind: Kind, *, before: datetime, now: datetime, limit: int) -> int:
        self.looks.append(kind)
        done = min(limit, self.left[app_id][kind])
        self.left[app_id][kind] -= done
        return done

    async def look_at_lifted(self, app_id: str, kind: Kind, *, before: datetime, now: datetime) -> int:
        return 0

    async def is_empty(self, app_id: str, *, begins: datetime, ends: datetime, wrapped: bytes) -> bool:
        raise NotImplementedError


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


def run_over(ages: Ages, clock: Clock) -> RetentionRun:
    return RetentionRun(
        ages,
        dict.fromkeys(ages.left, Retention()),
        keys=None,
        audit=Rows(),
        actor=Actor.gateway("worker"),
        clock=clock,
        prefix_of=lambda _: b"",
    )


async def test_time_that_has_passed_decides_how_much_is_erased(jobs: Jobs, clock: Clock) -> None:
    budgets = Budgets()
    upkeep = IdentityUpkeep(replace(jobs.context, retention=budgets, clock=clock))

    for seconds in (10, 1, 3600):
        clock.now += timedelta(seconds=seconds)
        await upkeep.retain()

    assert budgets.seen == [11 * RATE, RATE, MOST.total_seconds() * RATE]


async def test_clock_that_was_ahead_stops_nothing(jobs: Jobs, clock: Clock) -> None:
    budgets = Budgets()
    upkeep = IdentityUpkeep(replace(jobs.context, retention=budgets, clock=clock))

    for seconds in (-86_400, 10):
        clock.now += timedelta(seconds=seconds)
        await upkeep.retain()

    assert budgets.seen == [10 * RATE]


async def test_a_class_without_anything_due_is_left_alone_for_a_minute(clock: Clock) -> None:
    ages = Ages(demo={Kind.RAW: 3})
    run = run_over(ages, clock)

    await run.run(budget=2)
    assert ages.looks == [Kind.RAW]
    await run.run(budget=2)
    # The next run begins behind the class that used up the budget.
    in_turn = [*LOOKED_AT[1:], Kind.RAW]
    assert ages.looks == [Kind.RAW, *in_turn]
    await run.run(budget=2)
    assert ages.looks == [Kind.RAW, *in_turn]
    clock.now += REST
    await run.run(budget=2)
    assert ages.looks == [Kind.RAW, *in_turn, *in_turn]


async def test_a_small_app_is_done_beside_the_backlog_of_another(clock: Clock) -> None:
    backlog: dict[Kind, int] = dict.fromkeys(LOOKED_AT, 100_000)
    ages = Ages(large=backlog, small={Kind.RAW: 3, Kind.IDENTITY: 3})
    run = run_over(ages, clock)

    await run.run(budget=1000)
    await run.run(budget=1000)

    assert ages.left["small"].total() == 0
    assert ages.left["large"].total() == sum(backlog.values()) - 2000 + 6


async def test_after_a_clock_that_was_ahead_a_class_is_looked_at_again(clock: Clock) -> None:
    ages = Ages(demo={})
    run = run_over(ages, clock)

    await run.run()
    clock.now -= timedelta(days=1)
    await run.run()

    assert sorted(ages.looks) == sorted(2 * LOOKED_AT)
