"""An unreadable segment is retried; only one that was read and is damaged is set aside."""

import asyncio
import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.intake.spool.drainer import Drainer
from adapters.intake.spool.frames import Frame
from adapters.intake.spool.spool import Spool
from adapters.sealing.batch_ids import new_batch_id
from domain.errors import SpoolRefused
from tests.adapters.intake.spool.test_drainer import Inbox
from tests.support.storage.intakes import segments, set_aside
from tests.support.storage.spools import (
    EIO,
    FailingDisk,
    encoded,
    fill,
    frame,
    frames,
    leave_behind,
    on_disk,
    open_spool,
)


def drainer(spool: Spool, inbox: Inbox) -> Drainer:
    return Drainer(spool, inbox, rate=10_000, look_for_orphans_every=0, unreadable_rests=0)


@contextmanager
def no_descriptor_left(*, but: int = 0) -> Iterator[None]:
    """The process can open nothing inside the block, or `but` one file, as in a flood of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        for _ in range(but):
            os.close(held.pop())
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_moment_without_descriptors_costs_nothing(root: Path) -> None:
    spool, inbox = open_spool(root, segment_bytes=200), Inbox()
    draining = drainer(spool, inbox)
    await fill(spool, frames(20))
    await spool.roll()
    with no_descriptor_left(), capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(OSError, match="Too many open files"):
                await draining.drain()
    assert (inbox.taken, set_aside(root), on_disk(root)) == ([], [], frames(20))
    unreadable = [each for each in logs if each["event"] == "spool.unreadable"]
    assert len(unreadable) == len(segments(root)), "each once"
    await draining.drain()
    assert (inbox.taken, segments(root), spool.size) == (frames(20), [], 0)
    await spool.aclose()


async def test_a_batch_that_finds_no_descriptor_is_refused_and_the_next_one_taken(root: Path) -> None:
    spool = open_spool(root)
    with no_descriptor_left(), pytest.raises(SpoolRefused):
        await fill(spool, [frame(1)])
    await fill(spool, [frame(2)])
    with no_descriptor_left():
        await fill(spool, [frame(3)])
    assert on_disk(root) == [frame(2), frame(3)]
    await spool.aclose()


async def test_a_new_segment_needs_one_descriptor_alone(root: Path) -> None:
    """With none left for the folder's sync, the process must not take it for a failed one, and end."""
    spool = open_spool(root)
    with no_descriptor_left(but=1):
        await fill(spool, [frame(1)])
    assert spool.can_accept()
    assert on_disk(root) == [frame(1)]
    await spool.aclose()


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, EIO, errno.EACCES, errno.ENOMEM])
async def test_a_segment_that_cannot_be_read_is_tried_again_and_holds_up_no_other(
    root: Path, error: int
) -> None:
    first, *_ = leave_behind(root, encoded(frame(1)), encoded(frame(2)))
    disk = FailingDisk(unreadable={first.name: error})
    spool, inbox = open_spool(root, disk=disk), Inbox()
    draining = drainer(spool, inbox)
    with capture_logs() as logs:
        for _ in range(3):
            await draining.drain()
    assert (inbox.taken, set_aside(root), on_disk(root)) == ([frame(2)], [], [frame(1)])
    assert [each["event"] for each in logs].count("spool.unreadable") == 1
    assert spool.size > 0, "it is still told"
    disk.unreadable.clear()
    await draining.drain()
    assert (inbox.taken, segments(root)) == ([frame(2), frame(1)], [])
    await spool.aclose()


async def test_a_segment_that_cannot_be_read_rests_before_it_is_tried_again(root: Path) -> None:
    first, *_ = leave_behind(root, encoded(frame(1)), encoded(frame(2)))
    disk = FailingDisk(unreadable={first.name: EIO})
    spool, inbox = open_spool(root, disk=disk), Inbox()
    resting = Drainer(spool, inbox, rate=10_000, unreadable_rests=3600)
    await resting.drain()
    disk.unreadable.clear()
    await resting.drain()
    assert inbox.taken == [frame(2)]
    await spool.aclose()


async def test_an_unreadable_orphan_is_retried_and_logged_once(root: Path) -> None:
    first, *_ = leave_behind(root, encoded(frame(1)), encoded(frame(2)), owner=5)
    disk = FailingDisk(unreadable={first.name: EIO})
    spool, inbox = open_spool(root, disk=disk), Inbox()
    draining = drainer(spool, inbox)
    with capture_logs() as logs:
        for _ in range(3):
            await draining.drain()
    assert inbox.taken == [frame(2)]
    assert sorted(each["event"] for each in logs if each["log_level"] != "info") == [
        "spool.adopted",
        "spool.orphan_unusable",
        "spool.unreadable",
    ]
    disk.unreadable.clear()
    await draining.drain()
    assert inbox.taken == [frame(2), frame(1)]
    await spool.aclose()


async def test_a_folder_that_cannot_be_mended_at_the_start_is_left_for_later(root: Path) -> None:
    leave_behind(root, encoded(*frames(2)) + b"torn")
    disk = FailingDisk(truncate_error=EIO)
    spool, inbox = open_spool(root, disk=disk), Inbox()
    assert spool.folder.path.name == "1", "another one does"
    draining = drainer(spool, inbox)
    await draining.drain()
    disk.truncate_error = None
    await draining.drain()
    assert inbox.taken == frames(2)
    await spool.aclose()


@pytest.mark.parametrize("kind", ["link", "folder", "dangling link"])
async def test_only_regular_files_are_read(root: Path, tmp_path: Path, kind: str) -> None:
    leave_behind(root, encoded(frame(1)))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(encoded(frame(7)) + b"torn")
    strange = root / "0" / "000000000002.seg"
    if kind == "folder":
        strange.mkdir()
    else:
        strange.symlink_to(elsewhere if kind == "link" else tmp_path / "nowhere")
    spool, inbox = open_spool(root), Inbox()
    await drainer(spool, inbox).drain()
    assert inbox.taken == [frame(1)]
    assert [file.name for file in set_aside(root)] == ["000000000002.bad"]
    assert elsewhere.read_bytes() == encoded(frame(7)) + b"torn"
    await fill(spool, [frame(3)])
    assert [file.name for file in segments(root)] == ["000000000003.seg"]
    await spool.aclose()


async def test_a_linked_folder_is_nobodys(root: Path, tmp_path: Path) -> None:
    leave_behind(tmp_path / "elsewhere", encoded(frame(7)), owner=5)
    leave_behind(root, owner=9)
    for name in ("0", "5"):
        (root / name).symlink_to(tmp_path / "elsewhere" / "5")
    spool, inbox = open_spool(root), Inbox()
    assert spool.folder.path.name == "1"
    await drainer(spool, inbox).drain()
    assert inbox.taken == []
    assert on_disk(tmp_path / "elsewhere") == [frame(7)]
    await spool.aclose()


async def test_a_pipe_is_not_waited_for(root: Path) -> None:
    leave_behind(root, encoded(frame(1)))
    os.mkfifo(root / "0" / "000000000002.seg")
    async with asyncio.timeout(10):
        spool, inbox = open_spool(root), Inbox()
        await drainer(spool, inbox).drain()
        assert inbox.taken == [frame(1)]
        await spool.aclose()


async def test_damaged_segments_are_reported_until_removed(root: Path) -> None:
    damaged = encoded(frame(1)) + b"x" * 30 + encoded(frame(2))
    leave_behind(root, damaged)
    (root / "7").mkdir()
    (root / "7" / "000000000001.bad").write_bytes(b"x" * 100)
    spool = open_spool(root)
    assert spool.bytes_aside == 100
    with capture_logs() as logs:
        await drainer(spool, Inbox()).drain()
    assert [each["bytes"] for each in logs if each["event"] == "spool.damaged"] == [30]
    assert spool.bytes_aside == 100 + len(damaged)
    await spool.aclose()
    with capture_logs() as logs:
        again = open_spool(root)
    assert [each["bytes"] for each in logs if each["event"] == "spool.set_aside"] == [100 + len(damaged)]
    for file in set_aside(root):
        file.unlink()
    await drainer(again, Inbox()).drain()
    assert again.bytes_aside == 0
    await again.aclose()


async def test_it_knows_how_old_the_oldest_batch_is_across_a_restart(root: Path) -> None:
    ids = [new_batch_id(3) for _ in range(4)]
    spool = open_spool(root, segment_bytes=100)
    await fill(spool, [Frame(each, b"x" * 50) for each in ids])
    accepted = int(ids[0][:12], 16)
    assert spool.oldest_ms == accepted
    await spool.aclose()
    again, inbox = open_spool(root), Inbox()
    ages = [again.oldest_ms]
    await drainer(again, inbox).drain()
    ages.append(again.oldest_ms)
    assert ages == [accepted, None]
    assert [each.batch_id for each in inbox.taken] == ids
    await again.aclose()


async def test_the_age_of_a_batch_of_an_earlier_version_is_its_files(root: Path) -> None:
    [file] = leave_behind(root, encoded(frame(1)))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    spool = open_spool(root)
    assert spool.oldest_ms == 1_700_000_000_000
    await spool.aclose()
