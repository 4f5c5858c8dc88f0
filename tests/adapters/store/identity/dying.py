"""Processes that erase a verification each, and die as by kill -9 after a number of statements."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.keys.epochs import Epochs
from adapters.keys.folder import FolderKeys
from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.places import PgPlaces
from tests.support.storage.erasing import ACTOR, LATER
from tests.support.storage.stores import Clock, biz_id
from usecases.identity.erase import ErasureDesk

KILLED = 137


class DyingKeys(FolderKeys):
    """A folder that takes one step when an entry is appended."""

    async def append(self, key: str, *, at: Any) -> int:
        """Append the entry, then take the step."""
        position = await super().append(key, at=at)
        STEPS.take()
        return position


class Steps:
    """Counts statements, commits and entries of the ledger; the process dies when none is `left`."""

    def __init__(self) -> None:
        self.left = 0

    def take(self, *_: object) -> None:
        """One step more."""
        self.left -= 1
        if self.left == 0:
            os._exit(KILLED)

    def watch(self, engine: AsyncEngine) -> None:
        """Count what this engine does."""
        event.listen(engine.sync_engine, "after_cursor_execute", self.take)
        event.listen(engine.sync_engine, "commit", self.take)


STEPS = Steps()


async def erase(database_url: str, folder: Path, n: int) -> None:
    """Erase verification `n`, dying at its n-th step."""
    STEPS.left = n
    ring, engine, kept = KeyRing([b"k" * 32]), create_engine(database_url), DyingKeys(folder)
    keys = DataKeys(ring, Epochs(kept, ring, clock=Clock()))
    STEPS.watch(engine)
    desk = ErasureDesk(
        PgErasures(engine, keys=keys, ring=ring),
        PgHolds(engine),
        PgPlaces(engine),
        ledger=kept,
        clock=Clock(LATER),
    )
    await desk.erase("demo", biz_id(n), actor=ACTOR, reason="asked to")
    await engine.dispose()


def die_at_each(database_url: str, folder: Path, count: int) -> Iterator[int]:
    """How each of `count` processes ends: the n-th erases verification `n`. Forks, to import once."""
    for n in range(1, count + 1):
        child = os.fork()
        if child == 0:
            asyncio.run(erase(database_url, folder, n))
            os._exit(0)
        yield os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, die_at_each(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))))
