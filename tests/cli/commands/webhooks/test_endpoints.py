"""`endpoints`: the operator's way, on the real servers."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from cli.commands.webhooks.endpoints import commands
from domain.events.webhooks.endpoint import Endpoint
from domain.events.webhooks.signing import key_of
from tests.cli.conftest import Run, apps, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import Store
from tests.support.webhooks.endpoints import endpoint

Answer = TypeVar("Answer")
HOOK = "http://93.184.216.34/hook"
CREATE = ("create", HOOK, "--app", "demo")


class Endpoints:
    """The endpoints in the database. No coroutines: commands run loops of their own."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def add(self, *several: Endpoint) -> None:
        async def add(store: Store) -> None:
            for each in several:
                assert await store.endpoints.add(each, limit=99)

        self._run(add)

    def all(self) -> list[Endpoint]:
        return self._run(lambda store: store.endpoints.page(None, limit=99))

    def clear(self) -> None:
        async def truncate(store: Store) -> None:
            await empty_tables(store.engine)

        self._run(truncate)

    def _run(self, action: Callable[[Store], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            engine = create_engine(self._url)
            try:
                return await action(Store(engine, KeyRing([b"k" * 32])))
            finally:
                await engine.dispose()

        return asyncio.run(run())


@pytest.fixture
def endpoints(environment: pytest.MonkeyPatch, database_url: str) -> Iterator[Endpoints]:
    """No endpoints, and the settings of a role."""
    endpoints = Endpoints(database_url)
    endpoints.clear()
    yield endpoints
    endpoints.clear()


def command(*argv: str) -> Result:
    return CliRunner().invoke(commands, argv)


def shown(result: Result) -> dict[str, str]:
    """The lines of a command that shows a secret."""
    assert result.exit_code == 0, result.output
    return dict(re.split(r"  +", line, maxsplit=1) for line in result.output.splitlines())


def test_a_created_endpoint_is_printed_with_its_secret_alone(endpoints: Endpoints) -> None:
    printed = shown(command(*CREATE))
    [made] = endpoints.all()
    assert made.private is not None
    assert printed == {"id": str(made.id), "secret": made.private.secrets[0].text}
    assert (made.app_id, made.settings.url, made.settings.types) == ("demo", HOOK, ("*",))


def test_types_and_a_key_are_arguments(endpoints: Endpoints) -> None:
    printed = shown(command(*CREATE, "--ed25519", "--type", "verification.*", "--type", "policy.*"))
    [made] = endpoints.all()
    assert made.private is not None
    assert printed["public key"] == made.private.keys[0].public
    assert made.settings.types == ("verification.*", "policy.*")


def test_other_fields_come_from_a_file(endpoints: Endpoints, tmp_path: Path) -> None:
    file = tmp_path / "more.json"
    file.write_text(json.dumps({"headers": {"X-Shop": "1"}, "max_rate": 5, "url": "https://other.example/"}))
    shown(command(*CREATE, "--more", str(file)))
    [made] = endpoints.all()
    assert made.private is not None
    assert (made.settings.url, made.settings.max_rate) == (HOOK, 5)
    assert made.private.headers == (("x-shop", "1"),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "the file of --more is not JSON"),
        ("[1]", "the file of --more is not a JSON object"),
        ('{"max_rate": "canary-secret-5d41402a"}', "these fields are wrong: max_rate (float_parsing)"),
        ('{"canary-secret-5d41402a": 1}', "these fields are wrong: an unknown field (extra_forbidden)"),
        ('{"headers": {"canary-secret-5d41402a": 1}}', "these fields are wrong: headers (headers)"),
        ('{"headers": {"host": "x"}}', "A header is set by the gateway or by HTTP itself"),
    ],
)
def test_a_wrong_file_is_named_and_not_repeated(
    content: str, words: str, endpoints: Endpoints, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "more.json"
    file.write_text(content)
    assert_one_line(run("endpoints", *CREATE, "--more", str(file)), words)
    assert endpoints.all() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://10.0.0.1/", "The URL leads to an address that webhooks are not sent to"),
        ("http://user:canary-secret-5d41402a@93.184.216.34/", "The URL has a user or a password"),
    ],
)
def test_a_wrong_url_is_refused_in_one_line(url: str, words: str, endpoints: Endpoints, run: Run) -> None:
    assert_one_line(run("endpoints", "create", url, "--app", "demo"), words)
    assert endpoints.all() == []


def test_the_settings_allow_private_addresses_and_limit_the_number(
    endpoints: Endpoints, environment: pytest.MonkeyPatch, run: Run
) -> None:
    environment.setenv("FACEID_WEBHOOK_ALLOW", "10.0.0.0/8")
    environment.setenv("FACEID_WEBHOOK_ENDPOINTS", "1")
    private = ("create", "http://10.0.0.1/", "--app", "demo")
    shown(command(*private))
    assert_one_line(run("endpoints", *private), "The app has as many endpoints as it may have")


def test_an_unknown_app_is_wrong_usage(endpoints: Endpoints) -> None:
    result = command("create", HOOK, "--app", "nobody")
    assert result.exit_code == 2
    assert "known are demo" in result.output


def test_endpoints_of_an_app_that_the_settings_do_not_have_are_paused(
    endpoints: Endpoints, environment: pytest.MonkeyPatch
) -> None:
    shown(command(*CREATE))
    assert "enabled" in command("list").output
    environment.setenv("FACEID_APPS", apps().replace('"demo"', '"shop"'))
    assert "paused" in command("list").output


def test_the_list_shows_every_endpoint_without_its_secret(endpoints: Endpoints) -> None:
    assert command("list").output.strip() == "There are no endpoints."
    endpoints.add(endpoint(1), endpoint(2, app_id="other"))
    assert command("disable", str(endpoint(1).id)).output.strip() == "disabled"
    output = command("list").output
    assert output.index(str(UUID(int=2))) < output.index(str(UUID(int=1)))
    assert "disabled (by_hand)" in output
    assert "whsec_" not in output
    assert str(UUID(int=1)) not in command("list", "--app", "other").output


def test_a_rotation_prints_the_new_secret(endpoints: Endpoints) -> None:
    endpoints.add(endpoint())
    printed = shown(command("rotate", str(endpoint().id), "--overlap-hours", "0"))
    [rotated] = endpoints.all()
    assert rotated.private is not None
    assert [each.text for each in rotated.private.secrets] == [printed["secret"]]
    assert key_of(printed["secret"])
    assert printed["public key"] == rotated.private.keys[0].public


def test_an_endpoint_is_enabled_and_deleted(endpoints: Endpoints) -> None:
    endpoints.add(endpoint())
    key = str(endpoint().id)
    command("disable", key)
    assert command("enable", key).output.strip() == "enabled"
    assert command("delete", key).exit_code == 1
    assert len(endpoints.all()) == 1
    assert command("delete", key, "--yes").output.strip() == "deleted"
    assert endpoints.all() == []


@pytest.mark.parametrize("name", ["rotate", "enable", "disable", "delete"])
def test_an_unknown_endpoint_is_one_line(name: str, endpoints: Endpoints, run: Run) -> None:
    more: tuple[Any, ...] = ("--yes",) if name == "delete" else ()
    assert_one_line(run("endpoints", name, str(UUID(int=9)), *more), "there is no such endpoint")
