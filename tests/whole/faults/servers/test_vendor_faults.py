"""The vendor fails in every way at once, and beside that works as ever: nobody waits for somebody else's
fault, nobody is decided twice, and no call is made that is not on the ledger."""

import signal
from typing import Final, NamedTuple

import asyncpg
import psutil
import pytest

from devstack.waiting import until
from tests.whole.e2e.gateway import PATIENCE
from tests.whole.faults.rig.evidence import vendor_calls, verdict
from tests.whole.faults.rig.faulty_vendor import LIMIT, OUTAGE, biz_id_for
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

MOST_MEMORY: Final = 400 * 2**20
"""Bytes that the worker may grow by, whatever the vendor sends: it reads at most 1 MiB of any answer."""


MOST_UNDER_WAY: Final = 64
"""FACEID_PULLS_IN_FLIGHT: calls that may have begun before the first fault is known."""

PROBES: Final = 10
"""Calls that look whether the vendor works again, in the time that this test takes."""


MOST_REFUSED: Final = 40
"""Calls that may be refused before the limit of calls at once is learned, and while more is tried."""


class Ending(NamedTuple):
    """What a decision rests on, and after how many calls."""

    basis: str
    calls: int


CONFIRMED: Final = Ending("confirmed", 1)
CONFIRMED_LATER: Final = Ending("confirmed", 2)
CONFIRMED_LAST: Final = Ending("confirmed", 3)
REFUSED: Final = Ending("callback", 1)
GIVEN_UP: Final = Ending("callback", 3)

ENDINGS: Final = {
    "works": CONFIRMED,
    "500": GIVEN_UP,
    "500 once": CONFIRMED_LATER,
    "hangs": GIVEN_UP,
    "hangs once": CONFIRMED_LATER,
    "resets": GIVEN_UP,
    "resets once": CONFIRMED_LATER,
    "closes once": CONFIRMED_LATER,
    "drips": GIVEN_UP,
    "another biz_id": GIVEN_UP,
    "a gigabyte": GIVEN_UP,
    "busy": GIVEN_UP,
    "busy once": CONFIRMED_LATER,
    "destroyed": REFUSED,
    "gzip bomb": GIVEN_UP,
    "html": GIVEN_UP,
    "html 502": GIVEN_UP,
    "html once": CONFIRMED_LATER,
    "429 once": CONFIRMED_LATER,
    "busy with 200 once": CONFIRMED_LATER,
    "another secret once": CONFIRMED_LATER,
    "late twice": CONFIRMED_LAST,
    "not http": GIVEN_UP,
}


async def test_the_vendor_fails_in_every_way_at_once(rig: Rig, notebook: Notebook) -> None:
    # Two of each, each in a separate app: six calls at most, of which five open the app's circuit.
    biz_ids = {script: [biz_id_for(script) for _ in range(2)] for script in ENDINGS}
    mixed = [biz_id for each in zip(*biz_ids.values(), strict=True) for biz_id in each]
    worker = psutil.Process(rig.pids["worker"])
    before = worker.memory_info().rss
    async with sending(rig, rate=200, biz_ids=mixed) as load:
        await load.acknowledges(len(mixed))
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    grown = worker.memory_info().rss - before
    notebook.note(faults=len(ENDINGS) - 1, worker_grew_mib=grown / 2**20)
    notebook.judged(found, waste=False)

    endings = await _endings(rig)
    assert {script: {endings[biz_id] for biz_id in ids} for script, ids in biz_ids.items()} == {
        script: {ending} for script, ending in ENDINGS.items()
    }
    assert found.ledger_excess == 0
    assert grown < MOST_MEMORY


async def test_the_vendor_is_away(rig: Rig, notebook: Notebook) -> None:
    await rig.kill("vendor")
    async with sending(rig, rate=200) as load:
        await load.acknowledges(200)
    await until(lambda: _some_call_not_sent(rig), patience=PATIENCE)
    await rig.start("vendor")
    # No connection was made, so nothing was spent: one call each, and every one confirmed.
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    endings = await _endings(rig)
    assert {endings[biz_id] for biz_id in load.acknowledged} == {CONFIRMED}


async def test_an_outage_costs_few_calls(rig: Rig, notebook: Notebook) -> None:
    await rig.kill("vendor")
    await rig.start("vendor", **{OUTAGE: "500"})
    async with sending(rig, rate=200) as load:
        await load.acknowledges(400)
    await until(lambda: _are_recorded(rig, load.acknowledged), patience=PATIENCE)
    during = sum(biz_id in load.issued for biz_id, _ in vendor_calls(rig))
    await rig.kill("vendor")
    await rig.start("vendor")
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    endings = await _endings(rig)
    confirmed = sum(endings[biz_id].basis == "confirmed" for biz_id in load.acknowledged)
    notebook.note(calls_during_outage=during, confirmed=confirmed)
    notebook.judged(found, waste=False)
    assert found.ledger_excess == 0
    assert during <= MOST_UNDER_WAY + PROBES


async def test_a_limit_of_calls_at_once_costs_few_calls(rig: Rig, notebook: Notebook) -> None:
    await rig.stop("worker")
    await rig.kill("vendor")
    await rig.start("vendor", **{OUTAGE: "slow", LIMIT: "10"})
    async with sending(rig, rate=400) as load:
        await load.acknowledges(300)
    await rig.start("worker")
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    endings = await _endings(rig)
    again = sum(endings[biz_id] != CONFIRMED for biz_id in load.acknowledged)
    notebook.note(refused_for_their_number=again)
    notebook.judged(found, waste=False)
    assert {endings[biz_id].basis for biz_id in load.acknowledged} == {"confirmed"}
    assert again <= MOST_REFUSED


async def test_a_stopping_worker_starts_no_call_and_loses_no_answer(rig: Rig, notebook: Notebook) -> None:
    await rig.stop("worker")
    await rig.kill("vendor")
    await rig.start("vendor", **{OUTAGE: "slow"})
    async with sending(rig, rate=400) as load:
        await load.acknowledges(300)
    before = len(vendor_calls(rig))
    await rig.start("worker")
    await until(lambda: _some_calls(rig, before + 8), patience=PATIENCE)
    rig.signal("worker", signal.SIGTERM)
    assert await rig.ended("worker") == 0
    made = len(vendor_calls(rig)) - before
    lost = await _count(rig, _LOST, list(load.issued))
    notebook.note(calls_before_the_end=made)
    assert made < len(load.acknowledged) / 2, "most were not begun"
    assert lost == 0
    await rig.start("worker")
    # One call each: what the first worker began it has kept, what it left the second one made.
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    endings = await _endings(rig)
    assert {endings[biz_id] for biz_id in load.acknowledged} == {CONFIRMED}


async def _some_calls(rig: Rig, wanted: int) -> bool:
    return len(vendor_calls(rig)) >= wanted


async def _endings(rig: Rig) -> dict[str, Ending]:
    """How each verification has ended, by biz_id."""
    database = await asyncpg.connect(rig.database_url)
    try:
        rows = await database.fetch(_ENDINGS)
    finally:
        await database.close()
    return {biz_id: Ending(basis, calls) for biz_id, basis, calls in rows}


async def _some_call_not_sent(rig: Rig) -> bool:
    return await _count(rig, "SELECT count(*) FROM pulls WHERE state = 'not_sent'") > 0


async def _are_recorded(rig: Rig, biz_ids: set[str]) -> bool:
    recorded = "SELECT count(*) FROM verifications WHERE biz_id = ANY($1)"
    return await _count(rig, recorded, list(biz_ids)) == len(biz_ids)


async def _count(rig: Rig, query: str, *args: object) -> int:
    database = await asyncpg.connect(rig.database_url)
    try:
        return int(await database.fetchval(query, *args))
    finally:
        await database.close()


_LOST: Final = """
SELECT count(*) FROM pulls p JOIN verifications v ON v.id = p.verification_id
WHERE v.biz_id = ANY($1) AND p.state IN ('reserved', 'unknown')
"""

_ENDINGS: Final = """
SELECT v.biz_id, d.basis,
       (SELECT count(*) FROM pulls p WHERE p.verification_id = v.id AND p.state <> 'not_sent')
FROM decisions d JOIN verifications v ON v.id = d.verification_id
"""
