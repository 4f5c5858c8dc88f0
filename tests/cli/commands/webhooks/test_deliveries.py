"""`deliveries` and `endpoints test|recover`: the operator's way, on the real servers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from cli.commands.webhooks import deliveries as of_deliveries
from cli.commands.webhooks import endpoints as of_endpoints
from domain.events.webhooks.delivery import DeliveryState
from domain.events.webhooks.way import Answer
from domain.views.deliveries import DeliveryFilter
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import Clock
from tests.support.webhooks.hooks import Hooks

Value = TypeVar("Value")


class Database:
    """The deliveries in the database, of a minute ago, as commands see it. No coroutines: commands run
    loops of their own.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, action: Callable[[Hooks], Awaitable[Value]]) -> Value:
        async def run() -> Value:
            engine, clock = create_engine(self._url), Clock(datetime.now(UTC) - timedelta(minutes=1))
            try:
                return await action(Hooks(engine, KeyRing([b"k" * 32]), clock))
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def fail(self, count: int) -> list[UUID]:
        """`count` failed deliveries of endpoint 1, whose receiver answered with control characters."""

        async def fail(hooks: Hooks) -> list[UUID]:
            await hooks.endpoint(schedule=())
            hooks.receiver.answer = lambda _way, _event: Answer(500, head=b"\x1b[31mdown")
            for verification in range(count):
                hooks.clock.go_on(timedelta(seconds=1))
                await hooks.event(verification)
                await hooks.run()
            return [each.id for each in await hooks.desk.page(DeliveryFilter(("demo",)), limit=99)]

        return self.run(fail)

    def states(self) -> list[str]:
        async def states(hooks: Hooks) -> list[str]:
            return [state for state, _ in await hooks.states()]

        return self.run(states)

    def clear(self) -> None:
        async def clear(hooks: Hooks) -> None:
            await empty_tables(hooks.engine)

        self.run(clear)


@pytest.fixture
def database(environment: pytest.MonkeyPatch, database_url: str) -> Iterator[Database]:
    """No deliveries, and the settings of a role."""
    database = Database(database_url)
    database.clear()
    yield database
    database.clear()


def command(*argv: str) -> Result:
    return CliRunner().invoke(of_deliveries.commands, argv)


def test_deliveries_are_listed(database: Database) -> None:
    [delivery] = database.fail(1)
    assert str(delivery) in command("list").output
    assert str(delivery) in command("list", "--state", "failed", "--endpoint", str(UUID(int=1))).output
    assert command("list", "--state", "pending").output == "There are no such deliveries.\n"


def test_a_delivery_is_shown_with_its_attempts_and_controls_no_terminal(database: Database) -> None:
    [delivery] = database.fail(1)
    output = command("show", str(delivery)).output
    assert "status_500" in output
    assert "\x1b" not in output
    assert command("show", str(uuid4())).exit_code == 1


def test_one_is_sent_again(database: Database) -> None:
    [delivery] = database.fail(1)
    assert command("redeliver", str(delivery)).output == "1 to deliver\n"
    assert database.states() == [DeliveryState.PENDING]


def test_those_of_an_endpoint_are_counted_before_they_are_sent(database: Database) -> None:
    database.fail(2)
    of_one = ("redeliver", "--endpoint", str(UUID(int=1)))
    assert command(*of_one).output == "2 found; --yes sends them\n"
    assert database.states() == [DeliveryState.FAILED] * 2
    assert command(*of_one, "--yes").output == "2 to deliver\n"
    assert database.states() == [DeliveryState.PENDING] * 2


def test_an_endpoint_gets_what_it_missed(database: Database) -> None:
    database.fail(2)
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    argv = ("recover", str(UUID(int=1)), "--since", yesterday)
    assert CliRunner().invoke(of_endpoints.commands, argv).output == "2 to deliver\n"
    assert database.states() == [DeliveryState.PENDING] * 2


def test_a_test_event_that_nobody_takes_is_a_failure(database: Database) -> None:
    database.run(lambda hooks: hooks.endpoint(url="http://127.0.0.1:1/hook"))
    result = CliRunner().invoke(of_endpoints.commands, ["test", str(UUID(int=1))])
    assert result.exit_code == 1
