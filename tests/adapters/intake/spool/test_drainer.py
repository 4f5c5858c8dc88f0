"""Every batch reaches the inbox in order, none is deleted before that, and damaged segments are kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.intake.spool.drainer import Drainer
from adapters.intake.spool.frames import Frame
from adapters.intake.spool.spool import Spool
from adapters.tasks.background import end_tasks
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


@dataclass
class Inbox:
    """Takes batches, as long as it is `usable`; goes away after `takes` of them."""

    usable: bool = True
    takes: int = 10**9
    taken: list[Frame] = field(default_factory=list)

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        if len(self.taken) >= self.takes:
            self.usable = False
            return False
        self.taken.append(Frame(batch_id, sealed))
        return True


@pytest.fixture
async def spool(root: Path) -> AsyncIterator[Spool]:
    spool = open_spool(root, segment_bytes=200)
    yield spool
    await spool.aclose()


def drainer(spool: Spool, inbox: Inbox) -> Drainer:
    return Drainer(spool, inbox, rate=10_000)


async def test_everything_is_drained_in_order_and_the_files_are_removed(spool: Spool, root: Path) -> None:
    await fill(spool, frames(20))
    inbox = Inbox()
    with capture_logs() as logs:
        await drainer(spool, inbox).drain()
    assert inbox.taken == frames(20)
    assert (segments(root), spool.size) == ([], 0)
    drained = [each for each in logs if each["event"] == "spool.drained"]
    assert sum(each["count"] for each in drained) == 20


async def test_nothing_is_read_while_the_inbox_cannot_be_used(spool: Spool, root: Path) -> None:
    await fill(spool, frames(3))
    inbox = Inbox(usable=False)
    await drainer(spool, inbox).drain()
    assert (inbox.taken, on_disk(root)) == ([], frames(3))


async def test_draining_continues_where_the_inbox_became_unavailable(spool: Spool, root: Path) -> None:
    await fill(spool, frames(20))
    inbox = Inbox(takes=5)
    draining = drainer(spool, inbox)
    await draining.drain()
    assert inbox.taken == frames(5)
    assert on_disk(root)[-1] == frame(20)
    inbox.takes, inbox.usable = 10**9, True
    await draining.drain()
    assert inbox.taken == frames(20), "each once"
    assert segments(root) == []


@pytest.mark.parametrize("takes", range(7))
async def test_a_crash_sends_the_current_segment_again_at_most(root: Path, takes: int) -> None:
    before = open_spool(root, segment_bytes=200)
    await fill(before, frames(6))
    inbox = Inbox(takes=takes)
    await drainer(before, inbox).drain()
    await before.aclose()
    inbox.takes, inbox.usable = 10**9, True
    after = open_spool(root)
    await drainer(after, inbox).drain()
    await after.aclose()
    assert [each for n, each in enumerate(inbox.taken) if each not in inbox.taken[:n]] == frames(6)
    assert len(inbox.taken) < 6 + 3, "three frames make a segment"
    assert segments(root) == []


async def test_a_segment_that_cannot_be_deleted_is_sent_again(root: Path) -> None:
    disk = FailingDisk()
    spool = open_spool(root, disk=disk)
    await fill(spool, frames(3))
    disk.folder_error = EIO
    inbox = Inbox()
    with pytest.raises(OSError, match="Input/output"):
        await drainer(spool, inbox).drain()
    assert inbox.taken == frames(3)
    await spool.aclose()


async def test_a_damaged_frame_is_skipped_and_its_segment_kept_aside(root: Path) -> None:
    damaged = bytearray(encoded(*frames(3)))
    damaged[100] ^= 0xFF
    leave_behind(root, bytes(damaged), encoded(*frames(2, first=4)))
    spool, inbox = open_spool(root), Inbox()
    with capture_logs() as logs:
        await drainer(spool, inbox).drain()
    assert inbox.taken == [frame(1), frame(3), frame(4), frame(5)]
    assert [file.read_bytes() for file in set_aside(root)] == [bytes(damaged)]
    assert [each["bytes"] for each in logs if each["event"] == "spool.damaged"] == [len(encoded(frame(2)))]
    await drainer(spool, inbox).drain()
    await spool.aclose()
    again = open_spool(root)
    await fill(again, [frame(9)])
    assert [file.name for file in segments(root)] == ["000000000002.seg"], "no name is given twice"
    assert len(inbox.taken) == 4
    await again.aclose()


async def test_a_deleted_segment_does_not_block_later_ones(spool: Spool, root: Path) -> None:
    await fill(spool, frames(6))
    segments(root)[0].unlink()
    inbox = Inbox()
    with capture_logs() as logs:
        await drainer(spool, inbox).drain()
    assert inbox.taken == frames(3, first=4)
    assert [each["event"] for each in logs].count("spool.damaged") == 1
    assert (segments(root), spool.size) == ([], 0)


async def test_a_torn_tail_in_an_older_segment_is_damage(root: Path) -> None:
    leave_behind(root, encoded(*frames(2)) + b"\0" * 50, encoded(frame(3)))
    spool, inbox = open_spool(root), Inbox()
    await drainer(spool, inbox).drain()
    assert inbox.taken == frames(3)
    assert len(set_aside(root)) == 1
    await spool.aclose()


async def test_a_segment_that_cannot_be_read_holds_up_no_other(root: Path) -> None:
    first, _ = leave_behind(root, encoded(frame(1)), encoded(frame(2)))
    spool, inbox = open_spool(root), Inbox()
    first.unlink()
    first.mkdir()
    await drainer(spool, inbox).drain()
    assert inbox.taken == [frame(2)]
    assert [path.is_dir() for path in set_aside(root)] == [True]
    await spool.aclose()


async def test_batches_left_by_other_processes_are_drained_too(spool: Spool, root: Path) -> None:
    leave_behind(root, encoded(*frames(3)), encoded(frame(4)) + b"torn", owner=5)
    inbox = Inbox()
    await drainer(spool, inbox).drain()
    assert inbox.taken == frames(4)
    assert segments(root) == []
    next_owner = spool.adopt_orphans()
    assert next_owner == [], "an empty folder is nobody's business"


async def test_a_folder_that_changed_hands_is_read_from_its_beginning(spool: Spool, root: Path) -> None:
    leave_behind(root, encoded(*frames(6)), owner=5)
    inbox = Inbox(takes=5)
    draining = Drainer(spool, inbox, rate=10_000, look_for_orphans_every=0)
    await draining.drain()
    leave_behind(root, encoded(*frames(2, first=10)), owner=5)
    inbox.takes, inbox.usable = 10**9, True
    await draining.drain()
    assert inbox.taken == [*frames(5), *frames(2, first=10)]


async def test_it_drains_by_itself_and_survives_an_error(root: Path) -> None:
    disk = FailingDisk()
    spool, inbox = open_spool(root, disk=disk), Inbox(usable=False)
    await fill(spool, frames(2))
    draining = asyncio.create_task(drainer(spool, inbox).run())
    disk.folder_error, inbox.usable = EIO, True
    async with asyncio.timeout(10):
        while len(inbox.taken) < 2:
            await asyncio.sleep(0.01)
        disk.folder_error = None
        await fill(spool, frames(2, first=3))
        while frame(4) not in inbox.taken:
            await asyncio.sleep(0.01)
    await end_tasks(draining)
    await spool.aclose()
