"""The key store is slow, fails now and then, or is away for longer than its keys are kept in memory."""

import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import cycle
from typing import Final
from urllib.parse import quote

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from adapters.processes.heartbeats import Heartbeats
from devstack.waiting import until
from domain.views.operations.processes import WorkerStatus
from tests.support.keys.server import Reply, Request, serving
from tests.support.keys.vault import MOUNT, TOKEN, Transit
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig, running_rig
from tests.whole.faults.rig.load import Load, sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

DELAY: Final = 0.3
FAILS: Final = 0.5
SAME: Final = 1.1
"""How much greater a 99th percentile may be and still count as unchanged, if it is not within the noise."""

LIFE: Final = 60
"""FACEID_KEYS_CACHED, in seconds: the shortest that is allowed."""

PATIENCE: Final = 4 * LIFE


class Vault:
    """A Vault that a test slows down and takes away. `failures`: answers 500."""

    def __init__(self) -> None:
        self.transit = Transit()
        self.is_slow = self.is_away = False
        self.calls = self.failures = 0
        self.chance = random.Random(1)

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        self.calls += 1
        if self.is_slow:
            time.sleep(DELAY)
        if self.is_away or (self.is_slow and self.chance.random() < FAILS):
            self.failures += 1
            return Reply(500, {"errors": ["sealed"]})
        return self.transit(request)


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault()


@pytest.fixture(scope="module")
def keys_url(vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    registry = quote((tmp_path_factory.mktemp("registry") / "keys").as_uri(), safe="")
    with serving(vault) as url:
        yield f"vault://{url.removeprefix('http://')}/{MOUNT}?tls=off&registry={registry}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(keys_url: str) -> AsyncIterator[Rig]:
    """A gateway with epoch keys in `vault`."""
    settings = {"FACEID_KEYS_URL": keys_url, "VAULT_TOKEN": TOKEN, "FACEID_KEYS_CACHED": str(LIFE)}
    async with running_rig(**settings) as rig:
        await rig.start("ingress")
        await rig.start("worker")
        yield rig


async def test_a_slow_and_failing_key_store_is_not_felt_by_the_ingress(
    rig: Rig, vault: Vault, notebook: Notebook, times: Callable[[int], int]
) -> None:
    rounds, acknowledged, issued = times(4), set[str](), set[str]()
    p99: dict[bool, list[float]] = {False: [], True: []}
    # Three times as many only where a busy machine has blurred the first ones.
    for number, slow in zip(range(6 * rounds), cycle((False, True, True, False)), strict=False):
        if number >= 2 * rounds and _is_unchanged(p99):
            break
        vault.is_slow = slow
        load, waits = await _round(rig, vault)
        p99[slow].append(statistics.quantiles(waits, n=100)[-1] * 1000)
        acknowledged |= load.acknowledged
        issued |= load.issued
        assert (load.refused, load.unexpected) == (0, {})
    vault.is_slow = False
    notebook.note(
        p99_ms=statistics.median(p99[False]),
        p99_beside_slow_store_ms=statistics.median(p99[True]),
        calls_of_the_store=vault.calls,
        failed=vault.failures,
    )
    notebook.judged(await verdict(rig, acknowledged=acknowledged, issued=issued), waste=False)
    assert _is_unchanged(p99), p99


async def _round(rig: Rig, vault: Vault) -> tuple[Load, Sequence[float]]:
    """Send callbacks; the waits from the moment on at which a new worker asks the key store."""
    async with sending(rig, connections=16, rate=200) as load:
        await rig.kill("worker")
        await rig.start("worker")
        calls = vault.calls
        await until(lambda: _is_more(vault, calls), patience=PATIENCE, every=0.01)
        begin = len(load.waits)
        await load.acknowledges(500)
        waits = load.waits[begin:]
    return load, waits


async def _is_more(vault: Vault, calls: int) -> bool:
    return vault.calls > calls


def _is_unchanged(p99: dict[bool, list[float]]) -> bool:
    """Whether the rounds beside a slow store are at most a tenth slower, or as slow as some without."""
    return statistics.median(p99[True]) <= max(SAME * statistics.median(p99[False]), *p99[False])


async def test_the_key_store_is_away_for_longer_than_its_keys_are_kept(
    rig: Rig, vault: Vault, notebook: Notebook
) -> None:
    async with sending(rig, connections=8, rate=50) as load:
        await until(lambda: _has_keys(rig, True), patience=PATIENCE)
        vault.is_away = True
        began = time.monotonic()
        await until(lambda: _has_keys(rig, False), patience=PATIENCE)
        lasted = time.monotonic() - began
        await load.acknowledges(200)
        vault.is_away = False
        await load.acknowledges(50)
    notebook.note(keys_lasted_s=lasted, refused=load.refused)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert (load.refused, load.unexpected) == (0, {})


async def _has_keys(rig: Rig, wanted: bool) -> bool:
    """Whether the workers tell that they have epoch keys and reach the store, or neither."""
    async with Redis.from_url(rig.redis_url) as redis:
        alive = await Heartbeats(redis).alive()
    told = [seen.status(WorkerStatus).keys for seen in alive if seen.heartbeat.role == "worker"]
    return {(keys.up, keys.left > 0) for keys in told if keys} == {(wanted, wanted)}
