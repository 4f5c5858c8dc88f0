"""A whole and right environment of a role, on the real servers, in an empty working folder."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from cli.main import main
from tests.support.quiet import quiet

__all__ = ["quiet"]

CANARY = "canary-secret-5d41402a"
MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


Run = Callable[..., tuple[int, str, str]]
Audited = Callable[[], list[tuple[str, str]]]


def apps(**changes: Any) -> str:
    """FACEID_APPS with one app `demo`; None leaves a key out."""
    app = {"api_key": "key", "api_secrets": [CANARY]} | changes
    return json.dumps({"demo": {name: value for name, value in app.items() if value is not None}})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no setting in the environment."""
    for name in [name for name in os.environ if name.startswith("FACEID_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def environment(
    folder: Path, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The settings of a role; tests change the returned mapping."""
    monkeypatch.setenv("FACEID_REDIS_URL", redis_url)
    monkeypatch.setenv("FACEID_DATABASE_URL", database_url.replace("postgresql+asyncpg", "postgresql"))
    monkeypatch.setenv("FACEID_MASTER_KEYS", MASTER_KEY)
    monkeypatch.setenv("FACEID_APPS", apps())
    return monkeypatch


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line as the script does: exit code, stdout, stderr."""

    def command(*argv: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["faceid-gateway", *argv])
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return command


@pytest.fixture
def audited(database_url: str) -> Audited:
    """Reads the audit: each row's action and what kind of actor did it."""

    async def read() -> list[tuple[str, str]]:
        engine = create_engine(database_url)
        async with engine.connect() as connection:
            rows = (await connection.execute(text("SELECT action, actor FROM audit ORDER BY id"))).all()
        await engine.dispose()
        return [(row.action, row.actor.partition(":")[0]) for row in rows]

    return lambda: asyncio.run(read())


def assert_one_line(answer: tuple[int, str, str], starts: str) -> None:
    code, out, err = answer
    assert (code, out) == (1, "")
    assert err.startswith(f"faceid-gateway: {starts}")
    assert err.count("\n") == 1
    assert CANARY not in err
