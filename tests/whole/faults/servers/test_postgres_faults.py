"""PostgreSQL dies, or stops for longer than any statement may take, under load: every process of it."""

import asyncio
import random
import signal
from collections.abc import Callable
from typing import Final

import asyncpg
import pytest

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

STOPPED_FOR: Final = 33.0
"""Seconds; after 30 a worker gives a statement up, and must not go on where it does not know the end."""


async def test_postgres_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(10)
    async with sending(rig, rate=200) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(100, 300))
            await rig.kill("postgres")
            await load.acknowledges(50)
            await rig.start("postgres")
    notebook.note(kills=kills, refused=load.refused)
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    # A call whose reservation met a dead PostgreSQL counts as spent, whether it was made or not.
    notebook.judged(found, waste=False)
    assert load.refused == 0
    assert load.unexpected == {}


async def test_postgres_stopped_under_load(rig: Rig, notebook: Notebook, times: Callable[[int], int]) -> None:
    stops = times(1)
    async with sending(rig, rate=100) as load:
        for _ in range(stops):
            await load.acknowledges(200)
            rig.signal("postgres", signal.SIGSTOP)
            await asyncio.sleep(STOPPED_FOR)
            rig.signal("postgres", signal.SIGCONT)
        await load.acknowledges(200)
    notebook.note(stops=stops, refused=load.refused)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued), waste=False)
    assert (load.refused, load.unexpected) == (0, {})


async def test_postgres_takes_no_write_for_a_while(
    rig: Rig, notebook: Notebook, times: Callable[[int], int]
) -> None:
    """A failover to a standby that becomes the primary, or a managed disk that is full and is made larger."""
    moments = times(2)
    async with sending(rig, rate=100) as load:
        for _ in range(moments):
            await load.acknowledges(200)
            await set_read_only(rig, "on")
            await load.acknowledges(300)
            await set_read_only(rig, "off")
        await load.acknowledges(200)
    notebook.note(moments=moments, refused=load.refused)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued), waste=False)
    assert (load.refused, load.unexpected) == (0, {})


async def set_read_only(rig: Rig, state: str) -> None:
    """For every connection from now on. Those that are open are cut before, and kept behind it: a server
    that takes writes again tells nobody."""
    admin = await asyncpg.connect(rig.database_url)
    await admin.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
    await admin.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {state}")
    if state == "on":
        await admin.execute(CUT)
    await admin.close()


async def test_a_column_is_altered_under_load(
    rig: Rig, notebook: Notebook, times: Callable[[int], int]
) -> None:
    async with sending(rig, rate=100) as load:
        for _ in range(times(2)):
            for kind in ("varchar(200)", "text"):
                await load.acknowledges(100)
                await alter(rig, kind)
        await load.acknowledges(100)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued), waste=False)
    assert (load.refused, load.unexpected) == (0, {})


async def alter(rig: Rig, kind: str) -> None:
    admin = await asyncpg.connect(rig.database_url)
    for table, column in (("verifications", "biz_no"), ("pulls", "error"), ("callbacks", "kind")):
        await admin.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")
    await admin.close()


CUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
