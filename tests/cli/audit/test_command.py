"""`audit` verifies, exports, closes and purges on the configured database."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from cli.audit import verify_audit
from tests.cli.conftest import Audited, Run
from tests.support.storage.audit.audits import close_all, write_rows
from tests.support.storage.emptying import empty_tables

Do = Callable[[Callable[[AsyncEngine], Awaitable[Any]]], Any]


@pytest.fixture
def do(database_url: str) -> Do:
    """Does something on the database, whose audit is empty at first."""

    async def on_engine(work: Callable[[AsyncEngine], Awaitable[Any]]) -> Any:
        engine = create_engine(database_url)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    def run(work: Callable[[AsyncEngine], Awaitable[Any]]) -> Any:
        return asyncio.run(on_engine(work))

    run(empty_tables)
    return run


async def execute(engine: AsyncEngine, sql: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(sql))


async def some_blocks(engine: AsyncEngine) -> list[tuple[int, str]]:
    await write_rows(engine, 5)
    return await close_all(engine, limit=3)


@pytest.mark.usefixtures("environment")
def test_what_was_written_verifies_until_it_is_changed(run: Run, do: Do, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    anchors.write_text("".join(f'{{"height":{h},"hash":"{x}"}}\n' for h, x in do(some_blocks)))
    said = "5 rows and 0 purged rows in 2 blocks\nanchored up to block 2 of 2\nOK\n"
    assert run("audit", "verify", "--anchors", str(anchors)) == (0, said, "")
    do(lambda engine: execute(engine, "UPDATE audit SET actor = 'person:other' WHERE subject = '1'"))
    code, out, err = run("audit", "verify")
    assert code == 1
    assert "was changed\nFAILED" in out
    assert err == "faceid-gateway: the audit was changed: docs/operations.md says what to do\n"


@pytest.mark.usefixtures("environment")
def test_the_printed_verifier_takes_the_export(run: Run, do: Do, tmp_path: Path) -> None:
    do(some_blocks)
    code, source, _ = run("audit", "verifier")
    assert code == 0
    script, exported = tmp_path / "verify.py", tmp_path / "export"
    script.write_text(source)
    assert run("audit", "export", str(exported)) == (0, "", "")
    command = [sys.executable, "-I", "-S", str(script), str(exported)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "1 rows are in no block yet" in done.stdout, "the export's own"
    assert json.loads(exported.read_text().splitlines()[-1])["row"]["action"] == "audit.exported"
    assert run("audit", "export", str(exported))[0] == 1, "it overwrites nothing"


@pytest.mark.usefixtures("environment")
def test_rows_are_closed_and_purged(run: Run, do: Do, audited: Audited) -> None:
    do(lambda engine: write_rows(engine, 3))
    assert run("audit", "close") == (0, "1 closed\n", "")
    assert run("audit", "close", "--all") == (0, "0 closed\n", "")
    do(lambda engine: execute(engine, "UPDATE audit SET at = at - interval '9 days' WHERE subject < '2'"))
    assert run("audit", "purge", "--days", "8") == (0, "2 deleted\n", "")
    assert audited()[-1] == ("audit.purged", "command")
    code, out, _ = run("audit", "verify")
    assert code == 0
    assert out.startswith("1 rows and 2 purged rows in 1 blocks")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("content", ["[]", "x", '"x"'])
def test_a_file_without_anchors_is_refused(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "anchors").write_text(content)
    code, _, err = run("audit", "verify", "--anchors", str(tmp_path / "anchors"))
    assert code == 2
    assert "is no file of anchors" in " ".join(err.replace("│", " ").split())


@pytest.mark.usefixtures("environment")
def test_a_proof_shows_one_row_to_a_stranger(run: Run, do: Do, tmp_path: Path, audited: Audited) -> None:
    anchors = do(some_blocks)
    row = str(do(second_row))
    code, proof, _ = run("audit", "prove", row, "--until", "2")
    assert code == 0
    assert json.loads(proof)["row"]["id"] == int(row)
    assert audited()[-1] == ("audit.exported", "command")
    last = [anchors[-1]]

    assert check(tmp_path, proof, last)[0] == 0
    for name, value in (("actor", "person:other"), ("id", 0)):
        changed = json.loads(proof)
        changed["row"][name] = value
        assert check(tmp_path, json.dumps(changed), last)[0] == 1
    for part in ("position", "path", "blocks"):
        changed = json.loads(proof)
        changed[part] = 1 if part == "position" and changed[part] != 1 else [] if part != "position" else 0
        assert check(tmp_path, json.dumps(changed), last)[0] == 1
    assert "no anchor" in check(tmp_path, run("audit", "prove", row)[1], last)[1]
    assert "another hash" in check(tmp_path, proof, [(2, "00" * 32)])[1]
    assert check(tmp_path, "[]", last)[0] == 1
    assert run("audit", "prove", "0")[0] == 1


async def second_row(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT id FROM audit ORDER BY id OFFSET 1 LIMIT 1")) or 0)


def check(folder: Path, proof: str, anchors: list[tuple[int, str]]) -> tuple[int, str]:
    """What the verifier says, which gets these files and nothing else."""
    (folder / "proof").write_text(proof)
    (folder / "kept").write_text("\n".join(json.dumps({"height": h, "hash": x}) for h, x in anchors))
    argv = [
        sys.executable,
        "-I",
        verify_audit.__file__,
        "--proof",
        str(folder / "proof"),
        str(folder / "kept"),
    ]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout
