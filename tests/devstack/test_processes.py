"""A process is started, frozen, killed and started again by its owner, who sees its end."""

import signal
from pathlib import Path

import psutil
import pytest

from devstack.processes import Process
from tests.devstack.test_keeper import parrot

WITH_CHILD = 'sleep 3600 & echo "$! $GREETING" > {name}.up; wait'


async def test_after_its_end_it_starts_again_with_more_variables(tmp_path: Path) -> None:
    async with Process(parrot(tmp_path)) as process:
        first = process.pid
        await process.stop()
        assert (process.is_running, await process.ended()) == (False, 0)
        (tmp_path / "one.up").unlink()
        await process.start(GREETING="again")
        assert process.pid != first
        assert psutil.Process(process.pid).environ()["GREETING"] == "again"
    assert not process.is_running


async def test_a_kill_reaches_a_frozen_process_and_its_children(tmp_path: Path) -> None:
    async with Process(parrot(tmp_path, script=WITH_CHILD)) as process:
        [child] = psutil.Process(process.pid).children()
        process.signal(signal.SIGSTOP)
        await process.kill()
        assert await process.ended() == -signal.SIGKILL
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_a_process_that_ended_by_itself_cannot_be_killed(tmp_path: Path) -> None:
    async with Process(parrot(tmp_path, script="touch {name}.up")) as process:
        assert await process.ended() == 0
        with pytest.raises(psutil.NoSuchProcess):
            await process.kill()
