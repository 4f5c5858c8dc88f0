"""First to disk, then "200": seen by the system calls, since no kill shows a sync that was left out.

A killed process leaves what it has written in the kernel, which syncs it later; only the order of the calls
says what a power cut would have left.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis

from tests.whole.faults.rig.callbacks import new_biz_id
from tests.whole.faults.rig.harness import Rig, running_rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.strace import Call, read_calls, traced

pytestmark = [pytest.mark.timeout(300), pytest.mark.needs("strace")]

REQUESTS: Final = 200
SYNCS: Final = frozenset({"fdatasync", "fsync"})
READS: Final = frozenset({"read", "recvfrom"})


def acknowledged_too_early(ingress: Sequence[Call], keeper: Sequence[Call], *, mark: str) -> list[Call]:
    """The answers of 200 without a synced write of their callback before them.

    `keeper` writes what is acknowledged; `mark` is in the text or the path of such a write. An answer is
    covered by a write that began after its request had come and was synced before the answer went out. With
    one connection that is the write of this very request.
    """
    writes = [call for call in keeper if call.name not in SYNCS | READS and _is_kept(call, mark)]
    synced = [(write.start, sync.end) for write in writes if (sync := _sync_of(write, keeper))]
    asked: dict[str, float] = {}
    early = []
    for call in ingress:
        if call.name in READS and "POST /callbacks" in call.text:
            asked[call.file] = call.start
        elif "HTTP/1.1 200" in call.text and not any(
            asked[call.file] <= written and done <= call.start for written, done in synced
        ):
            early.append(call)
    return early


def _is_kept(call: Call, mark: str) -> bool:
    return not call.file.startswith("TCP") and (mark in call.text or mark in call.file)


def _sync_of(write: Call, calls: Sequence[Call]) -> Call | None:
    """The first successful sync of a file after a write to it."""
    return next(
        (
            call
            for call in calls
            if call.name in SYNCS and call.file == write.file and call.result == 0 and call.start >= write.end
        ),
        None,
    )


@pytest.mark.parametrize("connections", [1, 8])
async def test_the_inbox_is_synced_before_the_answer(
    notebook: Notebook, tmp_path: Path, connections: int
) -> None:
    async with running_rig() as rig:
        await rig.start("ingress")
        answers, early = await _watch(rig, tmp_path, connections=connections)
    notebook.note(answers=answers, too_early=len(early))
    assert answers == REQUESTS
    assert early == []


@pytest.mark.parametrize("connections", [1, 8])
async def test_the_spool_is_synced_before_the_answer(
    notebook: Notebook, tmp_path: Path, connections: int
) -> None:
    async with running_rig() as rig:
        await rig.start("ingress")
        await rig.kill("valkey")
        async with traced(rig.pids["ingress"], tmp_path / "ingress"):
            await _send(rig, connections=connections)
        spool = f"{rig.spool}/"
    ingress = await asyncio.to_thread(read_calls, tmp_path / "ingress")
    early = acknowledged_too_early(ingress, ingress, mark=spool)
    notebook.note(answers=_answers(ingress), too_early=len(early))
    assert _answers(ingress) == REQUESTS
    assert early == []


async def test_a_server_that_syncs_later_is_found_out(notebook: Notebook, tmp_path: Path) -> None:
    async with running_rig(FACEID_DURABILITY="memory") as rig:
        redis: Redis = Redis.from_url(rig.redis_url)
        await redis.config_set("appendfsync", "everysec")
        await redis.aclose()
        await rig.start("ingress")
        answers, early = await _watch(rig, tmp_path, connections=1)
    notebook.note(answers=answers, too_early=len(early))
    assert len(early) > REQUESTS / 2


async def _watch(rig: Rig, folder: Path, *, connections: int) -> tuple[int, list[Call]]:
    """Send requests under two straces; how many were answered by 200, and which of them too early."""
    async with traced(rig.pids["ingress"], folder / "ingress"), traced(rig.pids["valkey"], folder / "valkey"):
        await _send(rig, connections=connections)
    ingress, valkey = await asyncio.gather(
        *(asyncio.to_thread(read_calls, folder / name) for name in ("ingress", "valkey"))
    )
    return _answers(ingress), acknowledged_too_early(ingress, valkey, mark="inbox:")


async def _send(rig: Rig, *, connections: int) -> None:
    biz_ids = [new_biz_id() for _ in range(REQUESTS)]
    async with sending(rig, connections=connections, rate=100, biz_ids=biz_ids) as load:
        await load.acknowledges(REQUESTS)


def _answers(ingress: Sequence[Call]) -> int:
    return sum("HTTP/1.1 200" in call.text for call in ingress)
