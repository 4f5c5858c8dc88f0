"""Callbacks at a constant rate, one by one: whether one worker keeps up, and the time to the decision.

The real ingress and worker with the instant vendor; the worker has its own core. A benchmark that fills and
empties a queue measures only large groups; this is what users experience.
"""

import asyncio
import time
from typing import Final, NamedTuple

from bench.measures.latency import send
from bench.measures.worker import empty, vendor_spec
from bench.report import Figure, show_progress
from bench.rig import SERVER_CORE, Rig, cpu_seconds, running
from bench.traffic.callbacks import SignedCallback, load_callbacks
from devstack.ports import free_port

RATES: Final = (100, 300, 600)
WARM_UP: Final = 50
_KEEPS_UP_WITHIN: Final = 1.0
_PATIENCE: Final = 60.0

_LATENCIES: Final = """
SELECT extract(epoch FROM d.decided_at - v.received_at)::float8 * 1000 AS ms
FROM decisions d JOIN verifications v ON v.id = d.verification_id
WHERE v.received_at >= to_timestamp($1) ORDER BY ms
"""


class _Run(NamedTuple):
    """`left`: callbacks without a decision one second after the last was sent. `cpu`: µs of the worker for
    each decision; latencies in ms."""

    rate: int
    left: int
    p50: float
    p99: float
    cpu: float


async def measure_steady(rig: Rig, *, seconds: float) -> list[Figure]:
    """Send at each rate for this many seconds, on an empty database."""
    return [_figure(await _run(rig, rate, seconds)) for rate in RATES]


async def _run(rig: Rig, rate: int, seconds: float) -> _Run:
    await empty(rig)
    port = free_port()
    ingress = rig.roles.ingress(port)
    worker = rig.roles.worker()
    callbacks = load_callbacks(rig.pool)[: WARM_UP + int(rate * seconds)]
    async with running(vendor_spec(rig)), running(ingress), running(worker, cores=SERVER_CORE) as pid:
        await _send_all(port, callbacks[:WARM_UP], rate=50)
        await _decided(rig, WARM_UP, within=_PATIENCE)
        used, began = cpu_seconds(pid), time.time()
        await _send_all(port, callbacks[WARM_UP:], rate=rate)
        left = await _decided(rig, len(callbacks), within=_KEEPS_UP_WITHIN)
        await _decided(rig, len(callbacks), within=_PATIENCE)
        used = cpu_seconds(pid) - used
    ms = [row["ms"] for row in await rig.database.fetch(_LATENCIES, began)]
    run = _Run(rate, left, ms[len(ms) // 2], ms[int(len(ms) * 0.99)], used / (len(callbacks) - WARM_UP) * 1e6)
    latencies = f"p50 {run.p50:.0f} ms, p99 {run.p99:.0f} ms"
    show_progress(f"steady {rate}/s: {left} left, {latencies}, {run.cpu:,.0f} µs CPU each")
    return run


async def _send_all(port: int, callbacks: list[SignedCallback], *, rate: int) -> None:
    """Send one every 1/`rate` seconds, each on a new connection, without waiting for answers."""
    loop = asyncio.get_running_loop()
    began, sending = loop.time(), set[asyncio.Task[None]]()
    for number, callback in enumerate(callbacks):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        task = asyncio.create_task(send(port, callback))
        sending.add(task)
        task.add_done_callback(sending.discard)
    await asyncio.gather(*sending)


async def _decided(rig: Rig, count: int, *, within: float) -> int:
    """Wait up to `within` seconds for `count` decisions and return how many are missing."""
    until = time.monotonic() + within
    while True:
        missing = count - int(await rig.database.fetchval("SELECT count(*) FROM decisions"))
        if missing <= 0 or time.monotonic() > until:
            return max(missing, 0)
        await asyncio.sleep(0.05)


def _figure(run: _Run) -> Figure:
    return Figure(
        name=f"{run.rate}/s one by one: callbacks left after 1 s",
        product=f"{run.left} (p50 {run.p50:.0f}, p99 {run.p99:.0f} ms, {run.cpu:,.0f} µs)",
        naive="",
        value=run.left,
        target=0 if run.rate <= 300 else None,
        at_most=True,
    )
