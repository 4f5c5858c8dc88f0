"""kill -9 of two ingress processes in turn behind nginx with the shipped file: the sender notices nothing."""

from collections.abc import Callable

import pytest

from devstack import ports
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.proxy import find_nginx, nginx, shipped_file
from tests.whole.faults.rig.report import Notebook

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (apt-get install nginx)"),
]

BOTH = ("ingress", "second-ingress")


def with_nginxs_defaults(conf: str) -> str:
    """Without the two lines that matter."""
    return conf.replace(" max_fails=0", "").replace(
        "proxy_next_upstream error timeout http_503 non_idempotent;", ""
    )


@pytest.mark.parametrize("conf", ["shipped", "defaults"])
async def test_ingress_processes_killed_in_turn_behind_nginx(
    rig: Rig, notebook: Notebook, times: Callable[[int], int], conf: str
) -> None:
    port, kills = ports.free_port(), times(10)
    upstreams = (rig.ports["ingress"], rig.ports["second-ingress"])
    text = shipped_file(listens_on=port, upstreams=upstreams)
    await rig.start("second-ingress")
    async with (
        nginx(
            rig.folder / f"nginx-{conf}", text if conf == "shipped" else with_nginxs_defaults(text), port=port
        ),
        sending(rig, rate=300, port=port) as load,
    ):
        for number in range(kills):
            await load.answers(300)
            await rig.kill(BOTH[number % 2])
            await load.answers(100)
            await rig.start(BOTH[number % 2])
    await rig.stop("second-ingress")
    not_taken = load.refused + load.broken + load.unexpected.total()
    notebook.note(kills=kills, answered=load.answered, not_taken=not_taken)
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    notebook.judged(found)
    if conf == "shipped":
        assert not_taken == 0
    else:
        assert not_taken > 0, "the load would notice"
