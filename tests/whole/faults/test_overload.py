"""More comes than there is room for anywhere: it is refused in time, and what is refused costs no memory."""

from typing import Final

import psutil
import pytest

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import running_rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = pytest.mark.timeout(600)

SMALL_SPOOL: Final = {"FACEID_SPOOL_MAX_BYTES": str(256 * 1024)}
CONNECTIONS: Final = 400
WARM_UP: Final = 20_000
"""The collector of cycles runs rarely (`adapters.processes.gc_tuning`): memory takes long to settle."""

REFUSALS: Final = 30_000
LOOKS: Final = 15
FLAT: Final = 8 * 2**20
"""Bytes; the bodies that are refused meanwhile are a hundred megabytes."""

BOUND: Final = 10.0
"""Seconds that no answer may take."""


async def test_no_room_for_anything(notebook: Notebook) -> None:
    async with running_rig(**SMALL_SPOOL) as rig:
        await rig.start("worker")
        await rig.start("ingress")
        ingress = psutil.Process(rig.pids["ingress"])
        await rig.kill("valkey")
        async with sending(rig, connections=CONNECTIONS, rate=5_000) as load:
            await load.refuses(WARM_UP)
            before = most = ingress.memory_info().rss
            for _ in range(LOOKS):
                await load.refuses(REFUSALS // LOOKS)
                most = max(most, ingress.memory_info().rss)
        notebook.note(
            refused=load.refused, slowest_answer_s=load.slowest, ingress_grew_mib=(most - before) / 2**20
        )
        await rig.start("valkey")
        notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
        assert load.acknowledged, "until the spool was full"
        assert load.unexpected == {}
        assert load.slowest < BOUND
        assert most - before < FLAT
