"""A machine's clock jumps by more than a day, there and back, under load. The servers are on another one."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Final

import pytest
import pytest_asyncio

from tests.whole.faults.rig.callbacks import new_biz_id
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.faulty_vendor import biz_id_for
from tests.whole.faults.rig.harness import Rig, running_rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.tools import find_faketime

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
    pytest.mark.needs("libfaketime"),
]

ROLES: Final = ("ingress", "worker", "api")


class Clocks:
    """The clocks of the roles: each tells the time with an offset that can change while it runs."""

    def __init__(self, rig: Rig) -> None:
        self._files = {role: rig.folder / f"clock-{role}" for role in ROLES}

    def variables(self, role: str) -> dict[str, str]:
        """The environment of a role whose clock this is. Monotonic clocks go on as they are."""
        library = find_faketime()
        assert library is not None
        return {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._files[role]),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, roles: tuple[str, ...], hours: int) -> None:
        """Set the clocks of these roles this many hours ahead (or behind, if negative)."""
        for role in roles:
            draft = self._files[role].with_suffix(".new")
            draft.write_text(f"{hours:+}h\n")
            draft.replace(self._files[role])


@pytest_asyncio.fixture(loop_scope="module")
async def clocks() -> AsyncIterator[tuple[Rig, Clocks]]:
    """A gateway whose clocks can jump."""
    async with running_rig() as rig:
        clocks = Clocks(rig)
        clocks.set(ROLES, 0)
        for role in ROLES:
            await rig.start(role, **clocks.variables(role))
        yield rig, clocks


@pytest.mark.parametrize("hours", [25, -25])
@pytest.mark.parametrize("whose", ["everybody", "ingress", "worker"])
async def test_clock_jumps(clocks: tuple[Rig, Clocks], notebook: Notebook, whose: str, hours: int) -> None:
    rig, clock = clocks
    roles = ROLES if whose == "everybody" else (whose,)
    # There and back; each verdict waits until all is settled, however late the clocks say it is.
    for to in (hours, 0):
        async with sending(rig, rate=200, biz_ids=_some_with_a_second_call()) as load:
            await load.acknowledges(100)
            clock.set(roles, to)
            await load.acknowledges(100)
        notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued), waste=False)


def _some_with_a_second_call() -> Iterator[str]:
    """Verifications of which a few wait a second for another call: fewer than would open the circuit."""
    for n in count():
        yield biz_id_for("500 once") if n in {50, 95, 101, 150} else new_biz_id()
