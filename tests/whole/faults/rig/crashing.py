"""Let the worker die at a crash point, again and again, with new callbacks each time."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from usecases.process.crash_points import VARIABLE

CALLBACKS: Final = 12
"""Of each crash."""

_KILLED: Final = 137
_PATIENCE: Final = 60


async def crash_worker(
    rig: Rig, point: str, *, crashes: int, biz_ids: Callable[[], Iterable[str]]
) -> set[str]:
    """What was acknowledged. `biz_ids`: at least `CALLBACKS` for a crash. A worker without crash points runs
    at the end."""
    await rig.stop("worker")
    acknowledged: set[str] = set()
    for _ in range(crashes):
        await rig.start("worker", **{VARIABLE: point})
        async with sending(rig, biz_ids=biz_ids()) as load:
            await load.acknowledges(CALLBACKS)
        acknowledged |= load.acknowledged
        assert await asyncio.wait_for(rig.ended("worker"), _PATIENCE) == _KILLED
    await rig.start("worker")
    return acknowledged
