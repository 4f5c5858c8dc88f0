"""Answers with pictures: few at once in memory until they are on the ledger, and no app holds up another."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from adapters.postgres.sqlstate import DatabaseAway
from domain.apps.app import App
from domain.verifications.records import FinishedPull
from tests.support.storage.stores import payload
from tests.support.workers.jobs import Jobs, answered, app
from usecases.ports.pulls import Ledger
from usecases.process.picture_room import PictureRoom
from usecases.verifications.advance import advance


def with_pictures(app_id: str = "demo") -> App:
    return msgspec.structs.replace(app(app_id=app_id), return_image=4)


class Answers:
    """Who has room, in the order in which it was given; each answer stays until the test lets it go."""

    def __init__(self, room: PictureRoom) -> None:
        self._room = room
        self.inside: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, owner: App, *names: str) -> None:
        for name in names:
            self._gates[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._hold(owner, name))
        await turns()

    async def go(self, name: str) -> None:
        self._gates[name].set()
        await turns()

    async def break_off(self, *names: str) -> None:
        for name in names:
            self._tasks[name].cancel()
        await turns()

    async def _hold(self, owner: App, name: str) -> None:
        async with self._room.room_for(owner):
            self.inside.append(name)
            await self._gates[name].wait()
        self.inside.remove(name)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def answers() -> Answers:
    return Answers(PictureRoom(at_once=2))


async def test_the_next_request_starts_when_one_ends(answers: Answers) -> None:
    await answers.come(with_pictures(), "a", "b", "c", "d")
    assert answers.inside == ["a", "b"]
    await answers.go("a")
    assert answers.inside == ["b", "c"]


async def test_a_call_without_pictures_never_waits(answers: Answers) -> None:
    await answers.come(with_pictures(), "a", "b")
    await answers.come(app(), "small", "smaller")
    assert answers.inside == ["a", "b", "small", "smaller"]


async def test_the_next_slot_is_for_the_app_that_has_the_fewest(answers: Answers) -> None:
    await answers.come(with_pictures("slow"), *(f"slow-{n}" for n in range(20)))
    await answers.come(with_pictures("other"), "other-0", "other-1")
    await answers.go("slow-0")
    assert answers.inside == ["slow-1", "other-0"]
    await answers.go("other-0")
    assert answers.inside == ["slow-1", "other-1"]


async def test_a_cancelled_waiter_takes_no_slot(answers: Answers) -> None:
    await answers.come(with_pictures(), "a", "b", "c", "d")
    await answers.break_off("c")
    await answers.go("a")
    await answers.go("b")
    assert answers.inside == ["d"]


async def test_a_waiter_cancelled_as_its_turn_comes_gives_it_back(answers: Answers) -> None:
    await answers.come(with_pictures(), "a", "b", "c", "d")
    answers._gates["a"].set()
    while not answers._tasks["a"].done():
        await asyncio.sleep(0)
    await answers.break_off("c")
    assert "d" in answers.inside


async def test_calls_with_pictures_under_way_are_limited(jobs: Jobs) -> None:
    context = replace(jobs.context, pictures=PictureRoom(at_once=3))
    jobs.configure(with_pictures())
    jobs.vendor.answers = [answered(payload())]
    under_way = most = 0

    async def answer_late() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await turns()
        under_way -= 1

    jobs.vendor.before = answer_late
    cases = [await jobs.case(payload(n)) for n in range(12)]
    await asyncio.gather(*(advance(context, case) for case in cases))
    assert most == 3
    assert len(jobs.vendor.asked) == 12


async def test_an_answer_that_postgresql_does_not_take_keeps_its_room(jobs: Jobs) -> None:
    ledger, away = jobs.context.ledger, asyncio.Event()
    waiting = asyncio.Event()

    async def finish(pull: FinishedPull) -> None:
        if not away.is_set():
            raise DatabaseAway
        await ledger.finish(pull)

    async def sleep(_seconds: float) -> None:
        waiting.set()
        await away.wait()

    kept = cast(Ledger, SimpleNamespace(of=ledger.of, reserve=ledger.reserve, finish=finish))
    context = replace(jobs.context, pictures=PictureRoom(at_once=1), ledger=kept, sleep=sleep)
    jobs.configure(with_pictures())
    jobs.vendor.answers = [answered(payload())]
    cases = [await jobs.case(payload(n)) for n in range(2)]
    tasks = [asyncio.create_task(advance(context, case)) for case in cases]
    await waiting.wait()
    await turns()
    assert len(jobs.vendor.asked) == 1
    away.set()
    await asyncio.gather(*tasks)
    assert len(jobs.vendor.asked) == 2
