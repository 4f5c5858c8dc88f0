"""Gather what the store and the vendor saw."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Set
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import msgspec
from redis.asyncio import Redis

from tests.support.workers.batches import batches_left
from tests.whole.faults.rig.callbacks import letter_id
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.oracle import Evidence, Verdict, judge

PATIENCE: Final = 90.0
"""Seconds without any progress after which waiting is given up."""


class Waiting(NamedTuple):
    """Unfinished work: bytes in the spool, batches in the inbox, open verifications."""

    spooled: int
    batches: int
    undecided: int


async def settled(rig: Rig) -> None:
    """Return when nothing waits in the spool or the inbox nor for a decision.

    Raises AssertionError when nothing has moved for `PATIENCE` seconds.
    """
    redis: Redis = Redis.from_url(rig.redis_url)
    database = await asyncpg.connect(rig.database_url)
    try:
        seen, moved_at = None, time.monotonic()
        while any(waiting := await _waiting(rig, redis, database)):
            now = waiting, await database.fetchval("SELECT count(*) FROM decisions")
            if now != seen:
                seen, moved_at = now, time.monotonic()
            assert time.monotonic() - moved_at < PATIENCE, f"stuck: {waiting}; see {rig.folder}"
            await asyncio.sleep(0.1)
    finally:
        await database.close()
        await redis.aclose()


async def _waiting(rig: Rig, redis: Redis, database: asyncpg.Connection) -> Waiting:
    return Waiting(
        spooled=await asyncio.to_thread(spooled_bytes, rig.spool),
        batches=await batches_left(redis),
        undecided=await database.fetchval("SELECT count(*) FROM verifications WHERE state = 'received'"),
    )


def spooled_bytes(spool: Path) -> int:
    """The content of the segments of a spool folder."""
    total = 0
    for segment in spool.glob("*/*.seg"):
        with suppress(FileNotFoundError):
            total += segment.stat().st_size
    return total


async def verdict(rig: Rig, *, acknowledged: Set[str], issued: Set[str]) -> Verdict:
    """Wait until all is settled, then judge what has happened since the last verdict."""
    try:
        await settled(rig)
        return judge(await gather_evidence(rig, acknowledged=acknowledged, issued=issued))
    finally:
        rig.judged |= issued


async def gather_evidence(rig: Rig, *, acknowledged: Set[str], issued: Set[str]) -> Evidence:
    """What store and vendor have seen up to now."""
    database = await asyncpg.connect(rig.database_url)
    try:
        saved = dict(await database.fetch(_DECISIONS))
        ledger = dict(await database.fetch(_LEDGER))
        letters = {row["id"] for row in await database.fetch("SELECT id FROM dead_letters")}
    finally:
        await database.close()
    calls = [call for call in vendor_calls(rig) if call[0] not in rig.judged]
    together: Counter[str] = Counter()
    for biz_id, under_way in calls:
        together[biz_id] = max(together[biz_id], under_way)
    return Evidence(
        acknowledged=acknowledged,
        issued=issued,
        dead={biz_id for biz_id in acknowledged if letter_id(biz_id) in letters},
        decisions=_new(saved, rig),
        ledger=_new(ledger, rig),
        calls=Counter(biz_id for biz_id, _ in calls),
        together=together,
    )


def vendor_calls(rig: Rig) -> list[tuple[str, int]]:
    """The biz_id of every call that reached the vendor, and how many for it were under way then."""
    log = rig.vendor_log.read_bytes().splitlines() if rig.vendor_log.exists() else []
    return [msgspec.json.decode(line, type=tuple[str, int]) for line in log]


def _new(figures: Mapping[str, int], rig: Rig) -> dict[str, int]:
    return {biz_id: figure for biz_id, figure in figures.items() if biz_id not in rig.judged}


_DECISIONS: Final = """
SELECT v.biz_id, count(*) FROM decisions d JOIN verifications v ON v.id = d.verification_id
JOIN timeline t ON t.verification_id = v.id AND t.event = 'decision.saved'
JOIN events e ON e.verification_id = v.id AND e.type = 'verification.' || d.outcome GROUP BY v.biz_id
"""
"""A saved decision, times its entries on the timeline, times its events: more than one is a duplicate, and a
decision without its event counts as none."""

_LEDGER: Final = """
SELECT v.biz_id, count(*) FROM pulls p JOIN verifications v ON v.id = p.verification_id
WHERE p.state <> 'not_sent' GROUP BY v.biz_id
"""
