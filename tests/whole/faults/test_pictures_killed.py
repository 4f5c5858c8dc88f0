"""A worker dies while it puts pictures away: at both of its crash points, and at any moment under load.

No verification is lost or decided twice, and no sealed picture is in the folder that no row names: what is
begun and never stored is deleted by the sweep of the next day.
"""

import random
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Final, get_args

import asyncpg
import pytest

from devstack.waiting import until
from tests.whole.faults.rig.callbacks import PICTURES
from tests.whole.faults.rig.crashing import CALLBACKS, crash_worker
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.faulty_vendor import PICTURES as SCRIPT
from tests.whole.faults.rig.faulty_vendor import biz_id_for
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.oracle import Verdict
from tests.whole.faults.rig.report import Notebook
from usecases.process.crash_points import PicturePoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SETTINGS = {"FACEID_SWEEP_AFTER": "5"}
PATIENCE = 60.0

_NAMED: Final = "SELECT verification_id || '.' || n || '-' || position FROM pictures"
_A_DAY_LATER: Final = "UPDATE pictures SET begun_at = begun_at - interval '1 day' WHERE stored_at IS NULL"


@pytest.mark.parametrize("point", get_args(PicturePoint))
async def test_the_worker_dies(
    rig: Rig, notebook: Notebook, point: PicturePoint, times: Callable[[int], int]
) -> None:
    crashes = times(5)
    acknowledged = await crash_worker(
        rig, point, crashes=crashes, biz_ids=lambda: map(biz_id_for, repeat(SCRIPT, CALLBACKS))
    )
    found = await verdict(rig, acknowledged=acknowledged, issued=acknowledged)
    notebook.note(crashes=crashes)
    notebook.judged(found, waste=False)
    assert found.decided == crashes * CALLBACKS
    await pictures_are_whole(rig, notebook, found)
    assert notebook.figures["left_by_the_dead"] >= crashes * PICTURES


async def test_the_worker_is_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(5)
    async with sending(rig, rate=50, biz_ids=map(biz_id_for, repeat(SCRIPT))) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(50, 150))
            await rig.kill("worker")
            await rig.start("worker")
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    notebook.note(kills=kills)
    notebook.judged(found, waste=False)
    await pictures_are_whole(rig, notebook, found)


async def pictures_are_whole(rig: Rig, notebook: Notebook, found: Verdict) -> None:
    """Every file has its row; a day later, every row is of a recorded result and has its file, and no other
    file is left."""
    database = await asyncpg.connect(rig.database_url)
    try:
        named = await rows(database)
        assert files(rig) - named == set()
        left = await rows(database, "stored_at IS NULL")
        await database.execute(_A_DAY_LATER)

        async def swept() -> bool:
            return not await rows(database, "stored_at IS NULL")

        await until(swept, patience=PATIENCE)
        stored = await rows(database)
        assert files(rig) == stored
        assert stored == named - left
        notebook.note(left_by_the_dead=len(left), stored=len(stored))
        with_all = await database.fetchval(
            "SELECT count(*) FROM (SELECT FROM pictures GROUP BY verification_id HAVING count(*) >= $1) v",
            PICTURES,
        )
        assert with_all >= found.decided
    finally:
        await database.close()


async def rows(database: asyncpg.Connection, condition: str = "TRUE") -> set[str]:
    """The pieces that rows name."""
    return {row[0] for row in await database.fetch(f"{_NAMED} WHERE {condition}")}


def files(rig: Rig) -> set[str]:
    """The pieces in the folder; one that was being written counts as its piece."""
    folder: Path = rig.folder / "pictures"
    return {file.name.removeprefix(".") for file in folder.glob("*/*")}
