"""After `put` returns, the batch is on disk; a refused one leaves nothing; a failed fsync ends the
process.
"""

import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import SettingsError, SpoolBroken, SpoolRefused
from tests.support.storage.intakes import segments
from tests.support.storage.spools import (
    EIO,
    ENOSPC,
    FailingDisk,
    encoded,
    fill,
    frame,
    frames,
    leave_behind,
    on_disk,
    open_spool,
)


async def test_a_put_batch_is_on_disk_and_found_by_the_next_process(root: Path) -> None:
    first = open_spool(root)
    await fill(first, frames(5))
    assert on_disk(root) == frames(5)
    await first.aclose()
    second = open_spool(root)
    assert (second.size, second.segments) == (len(encoded(*frames(5))), 1)
    await second.aclose()


async def test_every_batch_is_synced_before_it_counts(root: Path) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    for n in range(1, 4):
        await spool.put(frame(n).batch_id, frame(n).sealed)
        assert len(disk.syncs) == n
    await spool.aclose()


async def test_a_full_segment_is_followed_by_the_next(root: Path) -> None:
    spool = open_spool(root, segment_bytes=200)
    await fill(spool, frames(8))
    assert [file.name for file in segments(root)] == [f"{n:012d}.seg" for n in range(1, 4)]
    assert (on_disk(root), spool.segments) == (frames(8), 3)
    await spool.aclose()


async def test_an_idle_spool_has_no_file(root: Path) -> None:
    spool = open_spool(root)
    assert (segments(root), spool.size, spool.can_accept()) == ([], 0, True)
    await spool.aclose()


async def test_only_the_owner_can_look(root: Path) -> None:
    before = os.umask(0)
    try:
        spool = open_spool(root)
        await fill(spool, frames(1))
        await spool.aclose()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (root, root / "0", *segments(root))]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("written", [0, 1, 11, 12, 40, 77])
async def test_a_short_write_is_taken_back_and_refused(root: Path, written: int) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    await fill(spool, frames(2))
    disk.next_write = written
    with pytest.raises(SpoolRefused):
        await fill(spool, frames(1, first=3))
    assert segments(root)[0].read_bytes() == encoded(*frames(2))
    await fill(spool, frames(1, first=4))
    assert segments(root)[0].read_bytes() == encoded(frame(1), frame(2), frame(4))
    await spool.aclose()


@pytest.mark.parametrize("error", [ENOSPC, EIO])
async def test_a_failed_write_is_taken_back_and_refused(root: Path, error: int) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    await fill(spool, frames(1))
    disk.write_error = error
    with pytest.raises(SpoolRefused):
        await fill(spool, frames(1, first=2))
    disk.write_error = None
    await fill(spool, frames(1, first=3))
    assert segments(root)[0].read_bytes() == encoded(frame(1), frame(3))
    await spool.aclose()


@pytest.mark.parametrize("which", ["sync_error", "folder_error"])
async def test_after_a_failed_fsync_nothing_is_ever_written_again(root: Path, which: str) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    setattr(disk, which, EIO)
    with pytest.raises(SpoolBroken):
        await fill(spool, frames(1))
    setattr(disk, which, None)
    before, syncs = [file.read_bytes() for file in segments(root)], len(disk.syncs)
    with pytest.raises(SpoolBroken):
        await fill(spool, frames(1, first=2))
    assert ([file.read_bytes() for file in segments(root)], len(disk.syncs)) == (before, syncs)
    assert not spool.can_accept()
    await spool.aclose()


async def test_a_write_to_a_deleted_file_is_not_acknowledged(root: Path) -> None:
    spool = open_spool(root)
    await fill(spool, [frame(1)])
    segments(root)[0].unlink()
    with pytest.raises(SpoolBroken) as broken:
        await fill(spool, [frame(2)])
    assert isinstance(broken.value.__cause__, FileNotFoundError)
    assert not spool.can_accept()
    await spool.aclose()


async def test_a_partial_write_that_stays_is_the_end_too(root: Path) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    await fill(spool, frames(1))
    disk.next_write, disk.truncate_error = 20, EIO
    with pytest.raises(SpoolBroken):
        await fill(spool, frames(1, first=2))
    disk.truncate_error = None
    with pytest.raises(SpoolBroken):
        await fill(spool, frames(1, first=3))
    await spool.aclose()
    assert on_disk(root) == frames(1)


async def test_a_refusal_names_the_systems_reason(root: Path) -> None:
    disk = FailingDisk(write_error=ENOSPC)
    spool = open_spool(root, disk=disk)
    with capture_logs() as logs, pytest.raises(SpoolRefused):
        await fill(spool, frames(1))
    assert [each["detail"] for each in logs] == ["the write failed: No space left on device"]
    await spool.aclose()


async def test_over_the_cap_it_refuses_and_logs_once(root: Path) -> None:
    room = len(encoded(*frames(3)))
    spool = open_spool(root, max_bytes=room)
    await fill(spool, frames(3))
    assert spool.can_accept()
    with capture_logs() as logs:
        for n in (4, 5):
            with pytest.raises(SpoolRefused):
                await fill(spool, frames(1, first=n))
    assert [(each["event"], each["bytes"]) for each in logs] == [("spool.full", room)]
    assert (on_disk(root), spool.can_accept()) == (frames(3), False)
    await spool.aclose()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small tmpfs")
async def test_a_full_disk_loses_nothing_that_was_taken(small_disk: Path) -> None:
    spool = open_spool(small_disk)
    written = [frame(n, size=1500) for n in range(1, 100)]
    with pytest.raises(SpoolRefused):
        await fill(spool, written)
    taken = on_disk(small_disk)
    assert taken == written[: len(taken)]
    assert 20 < len(taken) < 64
    assert spool.size == len(encoded(*taken)), "nothing is left of the one that did not fit"
    assert not spool.can_accept()
    await spool.aclose()


async def test_a_file_size_limit_loses_nothing_that_was_taken(root: Path) -> None:
    spool = open_spool(root)
    await fill(spool, frames(2))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (spool.size + 30, hard))
    try:
        with pytest.raises(SpoolRefused):
            await fill(spool, frames(1, first=3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert segments(root)[0].read_bytes() == encoded(*frames(2))
    await spool.aclose()


async def test_a_folder_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match=r"^FACEID_SPOOL_DIR: .*file cannot be used"):
        open_spool(tmp_path / "file")


async def test_a_torn_tail_of_the_last_segment_is_cut_off_and_reported(root: Path) -> None:
    whole, torn = encoded(*frames(2)), encoded(frame(3))
    for cut in (1, 5, 12, 20, len(torn) - 1):
        [file] = leave_behind(root, whole + torn[:cut])
        with capture_logs() as logs:
            spool = open_spool(root)
        assert file.read_bytes() == whole
        assert [(each["event"], each["bytes"]) for each in logs if "bytes" in each] == [
            ("spool.truncated", cut),
            ("spool.recovered", len(whole)),
        ]
        await spool.aclose()


async def test_a_segment_with_only_a_torn_frame_is_removed(root: Path) -> None:
    leave_behind(root, encoded(frame(1))[:30])
    spool = open_spool(root)
    assert (segments(root), spool.size) == ([], 0)
    await spool.aclose()


async def test_a_new_process_never_appends_to_an_old_segment(root: Path) -> None:
    [old] = leave_behind(root, encoded(frame(1)))
    spool = open_spool(root)
    await fill(spool, frames(1, first=2))
    assert old.read_bytes() == encoded(frame(1))
    assert on_disk(root) == frames(2)
    await spool.aclose()
