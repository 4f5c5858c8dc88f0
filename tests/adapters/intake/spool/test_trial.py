"""A spool that cannot be written says so while Redis still takes callbacks."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.intake.spool.drainer import Drainer
from adapters.intake.spool.spool import Spool
from devstack.waiting import until
from tests.adapters.intake.spool.test_ownership import another_process
from tests.support.storage.spools import ENOSPC, FailingDisk, fill, frame, frames, on_disk, open_spool


async def tried(spool: Spool) -> bool:
    await spool.in_thread(spool.try_to_write)
    return spool.writable


async def test_a_trial_leaves_nothing_behind(root: Path) -> None:
    spool = open_spool(root)
    await fill(spool, frames(2))
    assert await tried(spool)
    assert [file.name for file in (root / "0").iterdir()] == ["000000000001.seg"]
    await spool.aclose()


async def test_a_full_disk_is_noticed_and_then_its_room(root: Path) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    disk.write_error = ENOSPC
    with capture_logs() as logs:
        assert not await tried(spool)
        assert not await tried(spool)
    assert [(line["event"], line["error"]) for line in logs] == [("spool.unwritable", "OSError")]
    assert not spool.can_accept()
    disk.write_error = None
    assert await tried(spool)
    assert spool.can_accept()
    await spool.aclose()


async def test_a_short_write_is_noticed(root: Path) -> None:
    spool = open_spool(root, disk=FailingDisk(next_write=2))
    assert not await tried(spool)
    assert await tried(spool)
    await spool.aclose()


async def test_a_file_of_an_ended_trial_is_no_obstacle_and_no_segment(root: Path) -> None:
    spool = open_spool(root)
    (root / "0" / "tried").write_bytes(b"tr")
    assert await tried(spool)
    (root / "0" / "tried").write_bytes(b"tr")
    await spool.aclose()
    again = open_spool(root)
    assert again.segments == 0
    await again.aclose()


@pytest.mark.parametrize("gone", ["0", ""], ids=["the sub-folder", "the whole folder"])
async def test_a_folder_that_is_gone_is_made_again_and_locked(root: Path, gone: str) -> None:
    spool = open_spool(root)
    shutil.rmtree(root / gone)
    assert await tried(spool)
    with another_process(root) as other:
        assert other == "1", "the new sub-folder is ours"
    await fill(spool, [frame()])
    assert on_disk(root) == [frame()]
    await spool.aclose()


async def test_a_folder_that_was_replaced_is_locked_too(root: Path, tmp_path: Path) -> None:
    spool = open_spool(root)
    (root / "0").rename(tmp_path / "moved")
    (root / "0").mkdir()
    assert await tried(spool)
    with another_process(root) as other:
        assert other == "1"
    await spool.aclose()


async def test_a_folder_that_another_process_has_taken_is_not_used(root: Path, tmp_path: Path) -> None:
    spool = open_spool(root)
    (root / "0").rename(tmp_path / "moved")
    with another_process(root) as other:
        assert other == "0"
        assert not await tried(spool)
    assert await tried(spool), "it has ended"
    await spool.aclose()


async def test_trials_leave_no_descriptors_open(root: Path) -> None:
    spool = open_spool(root)
    await tried(spool)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        shutil.rmtree(root)
        assert await tried(spool)
    assert len(os.listdir("/proc/self/fd")) == before
    await spool.aclose()


class Away:
    """A gate to an inbox that takes nothing."""

    usable = False

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        raise AssertionError


async def test_the_drainer_tries_also_while_the_inbox_is_away(root: Path) -> None:
    spool = open_spool(root)
    shutil.rmtree(root)
    draining = asyncio.create_task(Drainer(spool, Away(), rate=100).run())

    async def is_there() -> bool:
        return (root / "0").is_dir()

    await until(is_there, patience=60)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    await spool.aclose()
