"""Writers and closers are killed again and again, and the audit verifies; then every change of it is found.

With AUDIT_WRITERS=8 AUDIT_ROWS=100000 AUDIT_KILLS=40 it runs at full size.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.export import PgAuditExport
from cli.audit import verify_audit
from tests.support.storage.audit.audits import Line, close_all
from tests.support.storage.audit.tampering import SIX, Tamper, parts_of

WRITERS = int(os.environ.get("AUDIT_WRITERS", "3"))
CLOSERS = 2
ROWS = int(os.environ.get("AUDIT_ROWS", "400"))
KILLS = int(os.environ.get("AUDIT_KILLS", "3"))


class Processes:
    """Writers and closers; one that is killed is started again."""

    def __init__(self, url: str) -> None:
        self._commands: list[tuple[str, ...]] = [
            ("write", url, f"token:w{n}", str(ROWS)) for n in range(WRITERS)
        ]
        self._commands += [("close", url)] * CLOSERS
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        self._running = [await self._start(command) for command in self._commands]

    async def kill_one(self) -> None:
        """Kill one that runs, in the middle of what it does, and start it again."""
        alive = [n for n, each in enumerate(self._running) if each.returncode is None]
        n = random.choice(alive)
        self._running[n].kill()
        await self._running[n].wait()
        self._running[n] = await self._start(self._commands[n])

    async def written(self) -> None:
        """All writers have ended by themselves."""
        codes = await asyncio.gather(*(each.wait() for each in self._running[:WRITERS]))
        assert codes == [0] * WRITERS

    async def aclose(self) -> None:
        for each in self._running:
            if each.returncode is None:
                each.kill()
        await asyncio.gather(*(each.wait() for each in self._running))

    async def _start(self, command: tuple[str, ...]) -> asyncio.subprocess.Process:
        module = "tests.support.storage.audit.audit_processes"
        return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *command)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Processes]:
    processes = Processes(url)
    await processes.start()
    try:
        yield processes
    finally:
        await processes.aclose()


async def scalar(engine: AsyncEngine, sql: str) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text(sql))


async def until_rows(engine: AsyncEngine, count: int) -> None:
    while await scalar(engine, "SELECT count(*) FROM audit") < count:
        await asyncio.sleep(0.02)


async def export(engine: AsyncEngine, path: Path) -> None:
    with path.open("w") as out:
        async for line in PgAuditExport(engine).lines():
            out.write(json.dumps(line) + "\n")


def lines_of(path: Path) -> Iterator[Line]:
    with path.open() as file:
        yield from map(json.loads, file)


def verify(path: Path, tamper: Tamper | None, anchors: list[tuple[int, str]]) -> tuple[bool, list[str]]:
    parts = parts_of(lines_of(path))
    changed = parts if tamper is None else tamper(parts)
    return verify_audit.verify((json.dumps(line) for part in changed for line in part), anchors)


async def test_it_verifies_after_kills_and_six_of_six_changes_are_found(
    engine: AsyncEngine, database_url: str, tmp_path: Path
) -> None:
    began = time.monotonic()
    async with running(database_url) as processes:
        for kill in range(1, KILLS + 1):
            await until_rows(engine, kill * WRITERS * ROWS // (KILLS + 2))
            await processes.kill_one()
        await processes.written()
    seconds = time.monotonic() - began
    # A backend may end its last statement after its client was killed.
    while await scalar(engine, _BUSY):
        await asyncio.sleep(0.02)
    await close_all(engine, limit=1000)
    rows, blocks = await scalar(engine, "SELECT count(*) FROM audit"), await scalar(engine, _HEIGHT)
    assert rows >= WRITERS * ROWS
    anchors = [(height, value) async for height, value in heads(engine)]
    path = tmp_path / "export"
    await export(engine, path)
    good, said = verify(path, None, anchors)
    assert good, said
    assert said == [
        f"{rows} rows and 0 purged rows in {blocks} blocks",
        f"anchored up to block {blocks} of {blocks}",
        "OK",
    ]
    found = {tamper.__name__: not verify(path, tamper, anchors)[0] for tamper in SIX}
    assert found == dict.fromkeys(found, True)
    late = await scalar(engine, _LATE)
    figures = f"{rows} rows, {KILLS} kills, {blocks} blocks, {late} rows behind later ones, {seconds:.1f} s"
    sys.stdout.write(f"{figures}; found: {', '.join(found)}\n")


async def heads(engine: AsyncEngine) -> AsyncIterator[tuple[int, str]]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT height, encode(hash, 'hex') FROM audit_blocks"))
        for height, value in found:
            yield height, value


_BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
  AND backend_type = 'client backend'
"""
_HEIGHT = "SELECT max(height) FROM audit_blocks"
_LATE = """
SELECT count(*) FROM audit_leaves l JOIN (
  SELECT height, max(max(audit_id)) OVER (
    ORDER BY height ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS most
  FROM audit_leaves GROUP BY height
) AS before USING (height) WHERE l.audit_id < before.most
"""
