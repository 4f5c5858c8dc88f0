"""Exit codes: 0 done, 1 a known failure in one line on stderr, 2 wrong usage."""

import asyncio
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url
from typer.testing import CliRunner

from adapters.postgres.revisions import newest_revision
from cli.main import app
from devstack import ports
from tests.cli.conftest import CANARY, Run, apps, assert_one_line


@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["token", "list"]], ids=" ".join)
def test_each_missing_setting_is_one_line_that_names_it(run: Run, command: list[str]) -> None:
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "faceid-gateway: FACEID_REDIS_URL: not set",
        "faceid-gateway: FACEID_DATABASE_URL: not set",
        "faceid-gateway: FACEID_MASTER_KEYS: not set",
        "faceid-gateway: apps: not set",
    ]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("name", "value", "starts"),
    [
        ("FACEID_MASTER_KEYS", CANARY, "FACEID_MASTER_KEYS: "),
        ("FACEID_APPS", apps(hash=CANARY), "apps.demo.hash: "),
        ("FACEID_DATABASE_URL", f"mysql://u:{CANARY}@db/x", "FACEID_DATABASE_URL: "),
        ("FACEID_CONFIG", "nowhere.toml", "FACEID_CONFIG names nowhere.toml"),
    ],
)
def test_a_wrong_setting_is_one_line_without_its_value(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, starts: str
) -> None:
    monkeypatch.setenv(name, value)
    assert_one_line(run("migrate"), starts)


@pytest.mark.parametrize("command", [["migrate"], ["token", "list"]], ids=" ".join)
def test_a_database_that_is_away_is_one_line(
    run: Run, environment: pytest.MonkeyPatch, command: list[str]
) -> None:
    url = f"postgresql://u:{CANARY}@127.0.0.1:{ports.free_port()}/x"
    environment.setenv("FACEID_DATABASE_URL", url)
    assert_one_line(run(*command), "FACEID_DATABASE_URL: cannot be reached")


@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["token", "list"]], ids=" ".join)
def test_a_database_that_does_not_exist_is_reported_without_a_traceback(
    run: Run, environment: pytest.MonkeyPatch, database_url: str, command: list[str]
) -> None:
    url = make_url(database_url).set(database="nowhere", drivername="postgresql")
    environment.setenv("FACEID_DATABASE_URL", url.render_as_string(hide_password=False))
    code, out, err = run(*command)
    assert code == 1
    assert "database" in f"{out}{err}".lower()
    assert CANARY not in f"{out}{err}"


def test_a_database_that_is_not_migrated_is_reported_without_a_traceback(
    run: Run, environment: pytest.MonkeyPatch, database_url: str
) -> None:
    url = make_url(database_url).set(database="postgres", drivername="postgresql")
    environment.setenv("FACEID_DATABASE_URL", url.render_as_string(hide_password=False))
    assert_one_line(run("token", "list"), "FACEID_DATABASE_URL: ")


def test_a_folder_that_cannot_be_created_is_not_reported_as_the_database(run: Run, folder: Path) -> None:
    (folder / "file").touch()
    code, _, err = run("dev", "--data-dir", str(folder / "file" / "data"))
    assert code == 1
    assert "FACEID_DATABASE_URL" not in err


OPERATOR = ("--app", "demo", "--scope", "operate")


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["dev", "--nonsense"],
        ["dev", "--api-port", "65536"],
        ["serve", "ingress", "--port", "x"],
        ["serve", "nonsense"],
        ["token", "create"],
        ["token", "create", "ops", "--days", "0", *OPERATOR],
        ["token", "create", "ops", "--app", "demo"],
        ["token", "create", "ops", "--scope", "operate"],
        ["token", "create", "ops", "--app", "demo", "--all-apps", "--scope", "operate"],
        ["dead-letters", "retry"],
        ["dead-letters", "retry", "no uuid"],
        ["dead-letters", "delete", "5f0c9a52-6d3b-4c59-a1a4-0d4d1d1f6a11", "--reason", "r"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(run: Run, argv: list[str]) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert "Usage:" in err


COMMANDS = [
    [], ["dev"], ["demo"], ["serve"], ["serve", "ingress"], ["serve", "api"], ["worker"], ["simulator"],
    ["migrate"], ["doctor"], ["token"], ["token", "create"], ["token", "list"], ["token", "revoke"],
    ["workers"], ["explain"], ["reconcile"], ["policy"],
    ["endpoints", "test"], ["endpoints", "recover"],
    ["deliveries"], ["deliveries", "list"], ["deliveries", "show"], ["deliveries", "redeliver"],
    ["dead-letters"], ["dead-letters", "list"], ["dead-letters", "retry"], ["dead-letters", "delete"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.usefixtures("folder")
def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"faceid-gateway {version('faceid-gateway')}\n", "")


def test_the_list_of_commands_names_all() -> None:
    listed = CliRunner().invoke(app, ["--help"]).output
    assert {each[0] for each in COMMANDS if each} - set(listed.split()) == set()


@pytest.mark.parametrize(
    ("typed", "meant"), [("tokens", "token"), ("dead-letter", "dead-letters"), ("doktor", "doctor")]
)
def test_a_mistyped_command_gets_a_suggestion(run: Run, typed: str, meant: str) -> None:
    code, _, err = run(typed)
    assert (code, f"Did you mean '{meant}'" in err) == (2, True)


LIGHT = {
    ("--help",): ("pydantic", "redis", "sqlalchemy", "asyncpg", "fastapi", "uvicorn"),
    ("--version",): ("pydantic", "redis", "sqlalchemy", "asyncpg", "fastapi", "rich"),
    ("workers", "--help"): ("sqlalchemy", "asyncpg", "fastapi", "alembic", "httpx2"),
    ("token", "--help"): ("fastapi", "alembic", "httpx2", "arq"),
}


@pytest.mark.parametrize("argv", LIGHT, ids=" ".join)
def test_a_command_imports_only_what_it_needs(argv: tuple[str, ...]) -> None:
    """A health check runs every few seconds, and most of its cost is imports."""
    script = f"""
import sys
from cli.main import main
sys.argv = ["faceid-gateway", *{argv!r}]
try:
    main()
except SystemExit:
    pass
print(*[name for name in {LIGHT[argv]!r} if name in sys.modules], file=sys.stderr)
"""
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", script]
    ended = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert ended.stderr.splitlines()[-1] == ""


@pytest.mark.usefixtures("environment")
def test_migrating_prints_the_revision(run: Run) -> None:
    assert run("migrate") == (0, f"The database is at revision {newest_revision()}.\n", "")


def role(*argv: str) -> "subprocess.CompletedProcess[str]":
    """A role in a separate process, with this process's settings."""
    root = str(Path(__file__).parents[2])
    env = os.environ | {"PYTHONPATH": root}
    return subprocess.run(
        [sys.executable, "-m", "cli", *argv],
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.usefixtures("folder")
def test_the_module_can_be_run(folder: Path) -> None:
    ended = role("worker")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("faceid-gateway: FACEID_REDIS_URL: not set\n")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", CANARY, "PORT: Input should be a valid integer"),
        ("APPS", f'{{"demo": {CANARY}', "APPS: is not JSON"),
        ("APPS", f'{{"{CANARY}": {{"hash": "{CANARY}"}}}}', "APPS: "),
        ("PROT", CANARY, "PROT: is unknown, did you mean FACEID_SIMULATOR_PORT?"),
    ],
)
def test_the_simulator_names_its_wrong_setting(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(f"FACEID_SIMULATOR_{name}", value)
    code, out, err = run("simulator")
    assert (code, out) == (1, "")
    assert err.startswith(f"faceid-gateway: FACEID_SIMULATOR_{line}")
    assert CANARY not in err


async def test_the_ingress_does_not_start_on_a_redis_that_loses_writes(
    environment: pytest.MonkeyPatch, redis: Redis
) -> None:
    await redis.config_set("appendfsync", "everysec")
    try:
        ended = await asyncio.to_thread(role, "serve", "ingress", "--port", str(ports.free_port()))
    finally:
        await redis.config_set("appendfsync", "always")
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "faceid-gateway: FACEID_REDIS_URL: FACEID_DURABILITY=fsync, but appendfsync"
    )
    assert CANARY not in f"{ended.stdout}{ended.stderr}"
