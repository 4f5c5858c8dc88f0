"""The command line creates, lists and revokes tokens, never with more rights than requested."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from adapters.postgres.engine import create_engine
from adapters.store.people.api_tokens import PgTokens
from domain.views.tokens import ApiToken
from tests.cli.conftest import Run, assert_one_line
from tests.support.storage.emptying import empty_tables


@pytest.fixture
def empty_tokens(database_url: str) -> None:
    async def clear() -> None:
        engine = create_engine(database_url)
        await empty_tables(engine)
        await engine.dispose()

    asyncio.run(clear())


def check_token(database_url: str, token: str) -> ApiToken | None:
    async def check() -> ApiToken | None:
        engine = create_engine(database_url)
        try:
            return await PgTokens(engine).check(token)
        finally:
            await engine.dispose()

    return asyncio.run(check())


OPERATOR = ("--app", "demo", "--scope", "operate")


@pytest.mark.usefixtures("environment", "empty_tokens")
def test_a_token_is_made_listed_and_revoked(run: Run, database_url: str) -> None:
    code, out, err = run("token", "create", "ops", "--app", "demo", "--scope", "operate", "--days", "7")
    token = out.strip()
    assert (code, err, len(token)) == (0, "", 43)
    valid = check_token(database_url, token)
    assert valid is not None
    assert (valid.name, valid.apps, valid.scopes) == ("ops", ["demo"], ["operate"])
    assert valid.expires_at is not None

    code, out, _ = run("token", "list")
    assert code == 0
    assert "ops" in out
    assert token not in out

    assert run("token", "revoke", "ops") == (0, "", "")
    assert check_token(database_url, token) is None
    assert run("token", "revoke", "ops") == (1, "", "faceid-gateway: there is no token 'ops'\n")


@pytest.mark.usefixtures("environment", "empty_tokens")
@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["", *OPERATOR], "the name must not be empty"),
        (["ops ", *OPERATOR], "the name ends in a space"),
        (["ops\n", *OPERATOR], "the name ends in a line feed"),
        (
            ["ops", "--app", "shop", "--app", "demo", "--scope", "operate"],
            "unknown app: shop; known are demo",
        ),
        (["ops", "--app", "demo", "--scope", "operator"], "unknown scope: operator"),
    ],
)
def test_an_unknown_app_or_scope_creates_no_token(run: Run, argv: list[str], why: str) -> None:
    code, out, err = run("token", "create", *argv)
    assert (code, out) == (2, "")
    assert why in " ".join(err.replace("│", " ").split())
    assert run("token", "list") == (0, "There are no tokens.\n", "")


@pytest.mark.usefixtures("environment", "empty_tokens")
def test_every_app_must_be_named(run: Run, database_url: str) -> None:
    _, out, _ = run("token", "create", "ops", "--all-apps", "--scope", "operate")
    assert check_token(database_url, out.strip()) == ApiToken("ops", None, ["operate"], None)


@pytest.mark.usefixtures("environment", "empty_tokens")
def test_a_token_of_the_same_name_is_replaced_only_on_demand(run: Run, database_url: str) -> None:
    old = run("token", "create", "ops", *OPERATOR)[1].strip()
    refused = run("token", "create", "ops", "--all-apps", "--scope", "verifications:read")
    assert_one_line(refused, "a token 'ops' exists already; --replace")
    assert check_token(database_url, old) == ApiToken("ops", ["demo"], ["operate"], None)
    new = run("token", "create", "ops", *OPERATOR, "--replace")[1].strip()
    assert check_token(database_url, old) is None
    assert check_token(database_url, new) is not None


def test_without_settings_the_tokens_are_those_of_the_dev_in_this_folder(
    run: Run, environment: pytest.MonkeyPatch, empty_tokens: None, folder: Path, database_url: str
) -> None:
    description = {name: os.environ[f"FACEID_{name.upper()}"] for name in ("redis_url", "database_url")}
    (folder / ".faceid").mkdir()
    (folder / ".faceid" / "dev.json").write_text(json.dumps(description))
    for name in ("REDIS_URL", "DATABASE_URL", "MASTER_KEYS", "APPS"):
        environment.delenv(f"FACEID_{name}")

    code, out, err = run("token", "create", "ops", *OPERATOR)

    assert (code, err) == (0, "")
    assert check_token(database_url, out.strip()) == ApiToken("ops", ["demo"], ["operate"], None)
