"""`events tail`: the log as JSON lines."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.store.events.log import append
from domain.events.event import EventType, NewEvent
from tests.cli.conftest import Run, assert_one_line
from tests.support.storage.stores import NOW

DELETED = "INSERT INTO event_log (one, deleted_to) SELECT true, min(seq) - 1 FROM events"

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def seqs(database_url: str) -> list[int]:
    """The numbers of two events of `demo` and one of the gateway, in a log whose beginning is deleted."""
    types = (EventType.ENDPOINT_DISABLED, EventType.DEAD_LETTER_CREATED)
    of_demo = [NewEvent(each, NOW, app_id="demo") for each in types]

    async def write() -> list[int]:
        engine = create_engine(database_url)
        async with engine.begin() as connection:
            await connection.execute(text("TRUNCATE events, event_log"))
            await connection.execute(text("SELECT setval(pg_get_serial_sequence('events', 'seq'), 1000)"))
            await append(connection, [*of_demo, NewEvent(EventType.POLICY_ACTIVATED, NOW)])
            await connection.execute(text(DELETED))
            found = list((await connection.execute(text("SELECT seq FROM events ORDER BY seq"))).scalars())
        await engine.dispose()
        return found

    return asyncio.run(write())


def printed(run: Run, *options: str) -> list[int]:
    code, out, err = run("events", "tail", *options)
    assert (code, err) == (0, "")
    return [json.loads(line)["seq"] for line in out.splitlines()]


def test_every_event_is_a_line(run: Run, seqs: list[int]) -> None:
    assert printed(run) == seqs


def test_options_narrow(run: Run, seqs: list[int]) -> None:
    assert printed(run, "--app", "demo") == seqs[:2]
    assert printed(run, "--type", "policy.*", "--type", "endpoint.disabled") == [seqs[0], seqs[2]]
    assert printed(run, "--after", str(seqs[0])) == seqs[1:]


def test_a_cursor_of_deleted_events_is_one_line(run: Run, seqs: list[int]) -> None:
    answer = run("events", "tail", "--after", str(seqs[0] - 2))
    assert_one_line(answer, f"events up to {seqs[0] - 1} are deleted; go on from there")


def test_an_unknown_type_is_a_usage_error(run: Run) -> None:
    code, _, err = run("events", "tail", "--type", "verification")
    assert code == 2
    assert "no such type" in err


def test_the_log_of_a_dev_needs_no_settings(
    run: Run, seqs: list[int], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    description = {
        "redis_url": os.environ["FACEID_REDIS_URL"],
        "database_url": os.environ["FACEID_DATABASE_URL"],
    }
    (tmp_path / "dev.json").write_text(json.dumps(description))
    environment.delenv("FACEID_DATABASE_URL")
    assert printed(run, "--data-dir", str(tmp_path)) == seqs
