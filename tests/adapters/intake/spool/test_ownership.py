"""One process per sub-folder; its segments are taken over when it has ended."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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

HOLDER = """
import sys
from pathlib import Path
from adapters.intake.spool.spool import Spool
spool = Spool.open(Path(sys.argv[1]), max_bytes=10**9)
print(spool.folder.path.name, file=sys.stderr, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(root: Path) -> Iterator[str]:
    """A process that holds a spool inside the block; the name of its sub-folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().strip()
        finally:
            process.kill()


async def test_a_second_process_takes_the_next_folder_and_a_killed_one_frees_its_own(root: Path) -> None:
    with another_process(root) as first, another_process(root) as second:
        assert (first, second) == ("0", "1")
        mine = open_spool(root)
        assert mine.folder.path.name == "2"
        await mine.aclose()
    again = open_spool(root)
    assert again.folder.path.name == "0"
    await again.aclose()


async def test_two_spools_of_one_process_do_not_share_a_folder_either(root: Path) -> None:
    one, other = open_spool(root), open_spool(root)
    await fill(one, frames(2))
    await fill(other, [frame(9)])
    assert {one.folder.path.name, other.folder.path.name} == {"0", "1"}
    assert on_disk(root) == [*frames(2), frame(9)]
    for spool in (one, other):
        await spool.aclose()


async def test_orphans_are_adopted_and_folders_in_use_are_not(root: Path) -> None:
    with another_process(root) as used:
        leave_behind(root, b"", owner=int(used))
        leave_behind(root, b"whatever", owner=3)
        (root / "4").mkdir()
        (root / "lost+found").mkdir()
        mine = open_spool(root)
        orphans = mine.adopt_orphans()
        assert [orphan.path.name for orphan in orphans] == ["3"]
        assert mine.adopt_orphans() == [], "an adopted folder is in use"
        for orphan in orphans:
            orphan.close()
        await mine.aclose()


async def test_an_orphan_that_could_not_be_repaired_is_adopted_by_the_next_try(root: Path) -> None:
    leave_behind(root, encoded(*frames(2)) + b"torn", owner=5)
    disk = FailingDisk(truncate_error=EIO)
    mine = open_spool(root, disk=disk)
    assert mine.adopt_orphans() == []
    disk.truncate_error = None
    [orphan] = mine.adopt_orphans()
    orphan.close()
    await mine.aclose()


async def test_a_persons_copy_of_a_damaged_segment_is_in_nobodys_way(root: Path) -> None:
    leave_behind(root, encoded(frame(1)))
    (root / "0" / "000000000007 copy.bad").write_bytes(b"whatever")
    mine = open_spool(root)
    await fill(mine, [frame(2)])
    assert on_disk(root) == frames(2)
    await mine.aclose()
