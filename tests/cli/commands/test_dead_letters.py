"""`dead-letters`: the operator's way, on the real servers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import msgspec
import pytest
from redis import Redis
from typer.testing import CliRunner, Result

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from cli.commands.dead_letters import commands
from devstack import ports
from devstack.environment import load_secrets, master_keys
from domain.views.letters import DeadLetter
from tests.cli.conftest import MASTER_KEY, Run, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import NOW, Store, callback, payload

Answer = TypeVar("Answer")
OURS = KeyRing([b"k" * 32])
assert MASTER_KEY == "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


class Letters:
    """The dead letters in the database. No coroutines: commands run their own loops."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def keep(
        self, n: int, *, app_id: str = "demo", reason: str = "missing_biz_id", keys: KeyRing = OURS
    ) -> UUID:
        letter, now = callback(payload(n), app_id=app_id), NOW + timedelta(seconds=n)
        return self._run(
            lambda store: store.dead_letters.keep(letter, reason=reason, detail="why", now=now), keys
        )

    def listed(self, *, retried: bool = False) -> list[DeadLetter]:
        return self._run(lambda store: store.letters(retried=retried))

    def clear(self) -> None:
        async def truncate(store: Store) -> None:
            await empty_tables(store.engine)

        self._run(truncate)

    def _run(self, action: Callable[[Store], Awaitable[Answer]], keys: KeyRing = OURS) -> Answer:
        async def run() -> Answer:
            engine = create_engine(self._url)
            try:
                return await action(Store(engine, keys))
            finally:
                await engine.dispose()

        return asyncio.run(run())


@pytest.fixture
def letters(environment: pytest.MonkeyPatch, database_url: str) -> Letters:
    """No letters, and the settings of a role."""
    letters = Letters(database_url)
    letters.clear()
    return letters


@pytest.fixture
def inbox(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


def batches(inbox: Redis) -> int:
    return int(inbox.zcard("faceid:inbox:pending"))  # type: ignore[arg-type] # redis-py says it may be awaitable


def test_letters_are_listed_narrowed_and_counted(run: Run, letters: Letters) -> None:
    kept = letters.keep(1)
    letters.keep(2, reason="bad_biz_id", app_id="shop")
    code, out, err = run("dead-letters", "list", "--app", "demo")
    assert (code, err) == (0, "")
    assert str(kept) in out
    assert "missing_biz_id" in out
    assert "2026-03-07 12:00:01Z" in out
    assert "bad_biz_id" not in out
    assert "bad_biz_id" in run("dead-letters", "list", "--reason", "bad_biz_id")[1]
    assert "… and 1 more" in run("dead-letters", "list", "--limit", "1")[1]
    assert run("dead-letters", "list", "--reason", "never") == (0, "There is no such dead letter.\n", "")


def test_an_empty_list_prints_a_message(run: Run, letters: Letters) -> None:
    assert run("dead-letters", "list") == (0, "There are no dead letters.\n", "")
    assert run("dead-letters", "list", "--retried") == (0, "No dead letter is being retried.\n", "")


def test_one_letter_is_retried_by_its_id(run: Run, letters: Letters, inbox: Redis) -> None:
    kept, stays = letters.keep(1), letters.keep(2)
    assert run("dead-letters", "retry", str(kept)) == (0, "1 retried\n", "")
    assert [letter.id for letter in letters.listed()] == [stays]
    assert batches(inbox) == 1
    assert inbox.zcard("faceid:queue") == 1
    assert str(kept) in run("dead-letters", "list", "--retried")[1]


def test_letters_are_retried_by_their_reason(run: Run, letters: Letters, inbox: Redis) -> None:
    for n in range(5):
        letters.keep(n, reason="unexpected_type")
    letters.keep(9, reason="unexpected_type", app_id="shop")
    letters.keep(10)
    bounded = run("dead-letters", "retry", "--reason", "unexpected_type", "--app", "demo", "--limit", "3")
    assert bounded == (0, "3 retried, 2 remaining\n", "")
    assert run("dead-letters", "retry", "--reason", "unexpected_type")[1] == "3 retried, 0 remaining\n"
    assert batches(inbox) == 2
    assert [letter.reason for letter in letters.listed()] == ["missing_biz_id"]


def test_batches_that_no_key_decrypts_are_reported(run: Run, letters: Letters, inbox: Redis) -> None:
    sealed = letters.keep(1, keys=KeyRing([b"o" * 32]))
    letters.keep(2)
    assert run("dead-letters", "retry", "--reason", "missing_biz_id") == (
        0,
        "1 retried, 1 remaining\n",
        "1 of them are unreadable: no configured master key decrypts them\n",
    )
    assert_one_line(run("dead-letters", "retry", str(sealed)), "no configured master key decrypts it")
    assert [letter.id for letter in letters.listed()] == [sealed]


def test_letters_are_deleted_by_id_or_reason(run: Run, letters: Letters) -> None:
    kept = letters.keep(1)
    for n in (2, 3):
        letters.keep(n, reason="bad_biz_id")
    assert run("dead-letters", "delete", "--reason", "bad_biz_id", "--yes") == (0, "2 deleted\n", "")
    assert run("dead-letters", "delete", str(kept), "--yes") == (0, "1 deleted\n", "")
    assert letters.listed() == []


@pytest.mark.parametrize(("answer", "left"), [("n\n", 2), ("", 2), ("y\n", 0)])
def test_without_yes_a_deletion_is_asked_for(letters: Letters, answer: str, left: int) -> None:
    letters.keep(1)
    letters.keep(2)
    asked: Result = CliRunner().invoke(commands, ["delete", "--reason", "missing_biz_id"], input=answer)
    assert "Delete 2 dead letter(s)?" in asked.output
    assert asked.exit_code == (1 if left else 0)
    assert len(letters.listed()) == left


@pytest.mark.parametrize("command", ["retry", "delete"])
def test_what_is_not_there_is_a_failure(run: Run, letters: Letters, command: str) -> None:
    more = ["--yes"] if command == "delete" else []
    assert_one_line(run("dead-letters", command, str(uuid4()), *more), "there is no such dead letter")
    kept = letters.keep(1)
    ended = run("dead-letters", command, str(kept), "--app", "shop", *more)
    assert_one_line(ended, "there is no such dead letter")
    assert len(letters.listed()) == 1


def test_without_redis_a_letter_stays(run: Run, letters: Letters, environment: pytest.MonkeyPatch) -> None:
    kept = letters.keep(1)
    environment.setenv("FACEID_REDIS_URL", f"redis://127.0.0.1:{ports.free_port()}/0")
    assert_one_line(run("dead-letters", "retry", str(kept)), "FACEID_REDIS_URL: cannot be reached")
    assert len(letters.listed()) == 1


def test_without_settings_the_dev_of_this_folder_is_asked(
    run: Run, letters: Letters, inbox: Redis, folder: Path, redis_url: str, database_url: str,
    environment: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("REDIS_URL", "DATABASE_URL", "MASTER_KEYS", "APPS"):
        environment.delenv(f"FACEID_{name}")
    data_dir = folder / ".faceid"
    data_dir.mkdir()
    load_secrets(data_dir)
    kept = letters.keep(1, keys=KeyRing(master_keys(data_dir)))
    urls = {"redis_url": redis_url, "database_url": database_url}
    (data_dir / "dev.json").write_bytes(msgspec.json.encode(urls))
    assert run("dead-letters", "retry", str(kept)) == (0, "1 retried\n", "")
    assert batches(inbox) == 1


def test_a_mistake_in_the_settings_does_not_lead_to_the_dev_of_this_folder(
    run: Run, letters: Letters, folder: Path, environment: pytest.MonkeyPatch
) -> None:
    (folder / ".faceid").mkdir()
    (folder / ".faceid" / "dev.json").write_bytes(b"{}")
    environment.setenv("FACEID_DATABASE_URL", "postgresql://h:port/x")
    assert_one_line(run("dead-letters", "list"), "FACEID_DATABASE_URL: has no port")


def test_without_room_in_redis_letters_stay_and_the_operator_sees_why(
    run: Run, letters: Letters, inbox: Redis
) -> None:
    kept = letters.keep(1)
    inbox.config_set("maxmemory", "1mb")
    try:
        for which in ([str(kept)], ["--reason", "missing_biz_id"]):
            ended = run("dead-letters", "retry", *which)
            assert_one_line(ended, "Redis has no memory left: 0 retried, the others stay")
    finally:
        inbox.config_set("maxmemory", "0")
    assert [letter.id for letter in letters.listed()] == [kept]
    assert run("dead-letters", "retry", str(kept)) == (0, "1 retried\n", "")
