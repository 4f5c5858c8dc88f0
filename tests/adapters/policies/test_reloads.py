"""An order to reload reaches every process, also one that was cut off when it was given."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.redis.names import DEFAULT_NAMES
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from tests.adapters.policies.test_folder import BROKEN, versions, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "a")
    return tmp_path


@pytest.fixture
async def processes(redis: Redis, folder: Path) -> AsyncIterator[list[tuple[PolicyBook, PolicyReloads]]]:
    """Three listening processes, each with its own policy book."""
    books = [PolicyBook.open(folder) for _ in range(3)]
    reloads = [PolicyReloads(redis, book) for book in books]
    with capture_logs() as lines:
        listening = [asyncio.create_task(each.listen()) for each in reloads]
        # Each reads its files once when it begins to listen.
        await until(lambda: _is([line["event"] for line in lines] == ["policies.reloaded"] * 3))
    yield list(zip(books, reloads, strict=True))
    await end_tasks(*listening)


async def listeners(redis: Redis, count: int) -> bool:
    [(_, found)] = await redis.pubsub_numsub(DEFAULT_NAMES.reload)
    return int(found) == count


async def in_force(book: PolicyBook, version: str) -> bool:
    return versions(book)["a"] == version


async def test_an_order_reaches_every_listener(
    processes: list[tuple[PolicyBook, PolicyReloads]], folder: Path
) -> None:
    write(folder, "a", version="2")
    assert await processes[0][1].order() == []
    for book, _ in processes:
        await until(lambda book=book: in_force(book, "2"))  # type: ignore[misc]


async def test_an_order_given_before_anybody_listened_is_made_up_for(redis: Redis, folder: Path) -> None:
    book = PolicyBook.open(folder)
    late = PolicyReloads(redis, book)
    write(folder, "a", version="2")
    await PolicyReloads(redis, PolicyBook.open(folder)).order()
    listening = asyncio.create_task(late.listen())
    await until(lambda: in_force(book, "2"))
    await end_tasks(listening)


async def test_a_failed_reload_is_reported_and_the_old_policy_stays_everywhere(
    processes: list[tuple[PolicyBook, PolicyReloads]], folder: Path
) -> None:
    write(folder, "a", BROKEN)
    write(folder, "b")
    [problem] = await processes[0][1].order()
    assert problem.file == "a.toml"
    for book, _ in processes:
        await until(lambda book=book: _has(book, "b"))  # type: ignore[misc]
        assert versions(book) == {"a": "1", "b": "1"}


async def _has(book: PolicyBook, name: str) -> bool:
    return name in versions(book)


async def test_the_ordering_process_reloads_once(
    processes: list[tuple[PolicyBook, PolicyReloads]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = [0, 0, 0]
    for index, (book, _) in enumerate(processes):

        def count(index: int = index) -> list[object]:
            counts[index] += 1
            return []

        monkeypatch.setattr(book, "reload", count)
    await processes[0][1].order()
    await until(lambda: _is(counts[1:] == [1, 1]))
    await processes[1][1].order()
    await until(lambda: _is(counts == [2, 2, 2]))


async def _is(value: bool) -> bool:
    return value


async def test_an_order_missed_while_redis_was_away_is_made_up_for(
    processes: list[tuple[PolicyBook, PolicyReloads]], redis: Redis, folder: Path
) -> None:
    write(folder, "a", version="2")
    # As if it was given while nobody could hear: counted, but not heard.
    await redis.incr(DEFAULT_NAMES.reloads)
    await redis.client_kill_filter(_type="pubsub")
    for book, _ in processes:
        await until(lambda book=book: in_force(book, "2"))  # type: ignore[misc]


async def test_a_lost_connection_alone_reloads_nothing(
    processes: list[tuple[PolicyBook, PolicyReloads]], redis: Redis, folder: Path
) -> None:
    write(folder, "a", version="2")
    await redis.client_kill_filter(_type="pubsub")
    await until(lambda: listeners(redis, 0))
    await until(lambda: listeners(redis, 3))
    await asyncio.sleep(0.1)
    assert [versions(book)["a"] for book, _ in processes] == ["1", "1", "1"]


async def test_a_foreign_message_stops_no_listener(
    processes: list[tuple[PolicyBook, PolicyReloads]], redis: Redis, folder: Path
) -> None:
    await redis.publish(DEFAULT_NAMES.reload, "\x80 no number")
    await until(lambda: listeners(redis, 0))
    await until(lambda: listeners(redis, 3))
    write(folder, "a", version="2")
    await processes[0][1].order()
    await until(lambda: in_force(processes[2][0], "2"))


async def test_sighup_reloads_the_process(redis: Redis, folder: Path) -> None:
    book = PolicyBook.open(folder)
    PolicyReloads(redis, book).reload_on_signal()
    try:
        write(folder, "a", version="2")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: in_force(book, "2"))
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
