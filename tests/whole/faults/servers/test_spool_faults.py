"""Valkey is away and the disk under the spool fails as well: what was acknowledged is kept all the same."""

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig, running_rig
from tests.whole.faults.rig.load import Load, sending
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.strace import failing

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

SMALL: Final = "512k"
"""Room for some hundred batches."""

FAILURES: Final = {
    "full": "write:error=ENOSPC:when=5+5",
    "write fails": "write:error=EIO:when=5+5",
    "write is short": "write:retval=100:when=5+5",
}
"""Of every five writes the last one; a short one has in truth written nothing."""


@pytest_asyncio.fixture(loop_scope="module")
async def spooling() -> AsyncIterator[Rig]:
    """A gateway whose Valkey has just been killed."""
    async with running_rig() as rig:
        await rig.start("worker")
        await rig.start("ingress")
        await rig.kill("valkey")
        yield rig


async def _judge(rig: Rig, load: Load, notebook: Notebook) -> None:
    """Let Valkey come back, the spool be drained, and hold all accounts against each other."""
    await rig.start("valkey")
    notebook.note(refused=load.refused)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert load.unexpected == {}


async def test_the_ingress_is_killed_while_it_spools(
    spooling: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(10)
    async with sending(spooling, rate=400) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(50, 200))
            await spooling.kill("ingress")
            await spooling.start("ingress")
    notebook.note(kills=kills)
    await _judge(spooling, load, notebook)
    assert load.refused == 0


async def test_the_disk_is_full(notebook: Notebook) -> None:
    async with running_rig() as rig:
        with _small_disk(rig.spool):
            await rig.start("worker")
            await rig.start("ingress")
            await rig.kill("valkey")
            async with sending(rig, rate=400) as load:
                await load.refuses(300)
                await rig.kill("ingress")
                await rig.start("ingress")
                await load.refuses(100)
            assert load.acknowledged
            await _judge(rig, load, notebook)
            await rig.stop("ingress")


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "faults", folder), check=True)
    try:
        yield
    finally:
        subprocess.run(("umount", folder), check=True)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("failure", FAILURES)
async def test_the_disk_fails_now_and_then(spooling: Rig, notebook: Notebook, failure: str) -> None:
    async with sending(spooling, rate=300) as load:
        await load.acknowledges(50)
        async with failing(spooling.pids["ingress"], _segments(spooling), FAILURES[failure]):
            await load.refuses(50)
        await load.acknowledges(50)
    await _judge(spooling, load, notebook)


@pytest.mark.needs("strace")
async def test_a_sync_fails(spooling: Rig, notebook: Notebook, times: Callable[[int], int]) -> None:
    failures = times(3)
    async with sending(spooling, rate=300) as load:
        for _ in range(failures):
            await load.acknowledges(50)
            injection = "fdatasync:error=EIO:when=10+"
            async with failing(spooling.pids["ingress"], _segments(spooling), injection):
                # The kernel has forgotten what it could not write: only the end of the process is honest.
                code = await asyncio.wait_for(spooling.ended("ingress"), 60)
            assert code != 0
            await spooling.start("ingress")
        await load.acknowledges(50)
    notebook.note(failed_syncs=failures)
    await _judge(spooling, load, notebook)


def _segments(rig: Rig) -> list[Path]:
    """The files that the spool writes to next: numbered, in the sub-folder of the first process."""
    return [rig.spool / "0" / f"{number:012d}.seg" for number in range(1, 20)]
