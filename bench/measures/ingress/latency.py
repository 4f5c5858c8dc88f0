"""From callback to decision on an idle system: the real ingress and worker, one callback at a time."""

import asyncio
from random import Random
from typing import Final

from bench.measures.worker.decided import vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, limit
from bench.rig import SERVER_CORE, Rig, empty, running, until
from bench.traffic.callbacks import NOTIFY_PATH, SignedCallback, load_callbacks
from bench.traffic.paced import percentile
from devstack.ports import free_port

TARGET_P50: Final = 25.0
TARGET_P99: Final = 150.0
WARM_UP: Final = 20
PATIENCE: Final = 15

_LATENCIES: Final = """
SELECT extract(epoch FROM d.decided_at - v.received_at)::float8 * 1000 AS ms
FROM decisions d JOIN verifications v ON v.id = d.verification_id ORDER BY v.received_at
"""


async def measure_latency(rig: Rig, *, callbacks: int) -> list[Figure]:
    """`decided_at` − `received_at` of callbacks on an idle system."""
    await empty(rig)
    port, random = free_port(), Random(1)
    ingress = rig.roles.ingress(port)
    worker = rig.roles.worker()
    async with (
        running(vendor_spec(rig)),
        running(ingress, cores=SERVER_CORE),
        running(worker, cores=SERVER_CORE),
    ):
        for sent, callback in enumerate(load_callbacks(rig.pool)[: WARM_UP + callbacks], 1):
            # A random pause, or every callback would arrive at the same point of the worker's poll cycle.
            await asyncio.sleep(random.uniform(0, 0.04))
            await send(port, callback)
            await _decided(rig, sent)
    rows = await rig.database.fetch(_LATENCIES)
    measured = [row["ms"] for row in rows][WARM_UP:]
    show_progress(f"latency of {callbacks} callbacks: {min(measured):.1f} … {max(measured):.1f} ms")
    return [
        limit(
            f"idle: callback → decision, {name}",
            percentile(measured, share),
            "ms",
            target=target,
            rounds={"ms": [round(ms, 2) for ms in measured]},
        )
        for name, target, share in (("p50", TARGET_P50, 0.50), ("p99", TARGET_P99, 0.99))
    ]


async def send(port: int, callback: SignedCallback) -> None:
    """Send a callback on a new connection and check that the answer is 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST %b HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n"
        b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n%b"
        % (NOTIFY_PATH.encode(), len(callback.form), callback.form)
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 "), answer


async def _decided(rig: Rig, count: int) -> None:
    async def done() -> bool:
        return bool(await rig.database.fetchval("SELECT count(*) FROM decisions") >= count)

    await until(done, seconds=PATIENCE, every=0.005)
