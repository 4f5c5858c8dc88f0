"""The audit verifies after many erasures, a legal hold and a purge, by the verifier that needs files alone.

FACEID_ERASURES says how many; 1,000 take about half a minute.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from cli.audit import verify_audit
from domain.identity.errors import LegalHold
from domain.identity.retention import EVERY_APP, Kind, SharedRetention
from domain.model import verification_id
from tests.support.storage.aging import Aging
from tests.support.storage.audit.audits import close_all, exported
from tests.support.storage.erasing import ACTOR
from tests.support.storage.stores import NOW, biz_id

ERASURES = int(os.environ.get("FACEID_ERASURES", "60"))
HELD = ERASURES + 1
VERIFIER = Path(verify_audit.__file__)


@pytest.fixture
async def store(engine: AsyncEngine, keys: KeyRing) -> Aging:
    store = Aging(engine, keys, {EVERY_APP: SharedRetention(audit_days=1000)})
    numbers = range(1, HELD + 1)
    names = {
        "ids": [verification_id("demo", biz_id(n)) for n in numbers],
        "biz_ids": [biz_id(n) for n in numbers],
    }
    async with engine.begin() as connection:
        await connection.execute(text(FILL), names)
    return store


async def test_the_audit_verifies_after_erasures_a_hold_and_a_purge(store: Aging, tmp_path: Path) -> None:
    await store.desk.hold("demo", biz_id(HELD), actor=ACTOR, reason="court order 7")
    with pytest.raises(LegalHold):
        await store.erase(HELD)
    for n in range(1, ERASURES + 1):
        await store.erase(n)
        if n == ERASURES // 2:
            await date_back(store)
            anchors = await close_all(store.engine, limit=100)
    anchors += await close_all(store.engine, limit=100)

    assert await verdict(store, anchors, tmp_path / "whole") == (
        0,
        f"{ERASURES + 1} rows and 0 purged rows in {len(anchors)} blocks",
    )
    await store.later(1001.1)
    anchors += await close_all(store.engine, limit=100)

    assert {each.kind for each in await store.later(1001.2)} <= {Kind.AUDIT}
    kept = await store.rows("SELECT 1 FROM audit WHERE action = 'verification.erased'")
    assert len(kept) == ERASURES - ERASURES // 2
    assert await store.rows("SELECT subject FROM audit WHERE action = 'hold.placed'") == [(biz_id(HELD),)]
    code, line = await verdict(store, anchors, tmp_path / "purged")
    assert (code, f"and {ERASURES // 2} purged rows" in line) == (0, True)


async def date_back(store: Aging) -> None:
    """As if what is there had been written long ago; before a block is closed over it."""
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET at = :now"), {"now": NOW})


async def verdict(store: Aging, anchors: list[tuple[int, str]], file: Path) -> tuple[int | None, str]:
    """The exit code and the first line of the verifier, which gets two files and nothing else."""
    lines = [json.dumps(each) for each in await exported(store.engine)]
    kept = file.with_suffix(".anchors")
    await asyncio.to_thread(file.write_text, "\n".join(lines))
    await asyncio.to_thread(
        kept.write_text, "\n".join(json.dumps({"height": h, "hash": digest}) for h, digest in anchors)
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(VERIFIER), str(file), str(kept), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode().splitlines()[0]


FILL = """
INSERT INTO verifications (id, app_id, biz_id, state, received_at)
SELECT id, 'demo', biz_id, 'expired', now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:biz_ids AS text[])) AS t (id, biz_id)
"""
