"""Webhooks: deliveries per second of one sender, from event to delivery on an idle system, and beside a dead
endpoint.

The receivers keep their connections and answer at once.
"""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID, uuid4

from adapters.postgres.engine import create_engine
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.envelope import KeyRing
from adapters.store.webhooks.endpoints import PgEndpoints
from bench.report.console import show_progress
from bench.report.figures import Figure, limit, median
from bench.rig import SERVER_CORE, Rig, cpu_seconds, running, until
from bench.traffic.callbacks import APP_ID
from bench.traffic.paced import percentile
from devstack.ports import free_port
from devstack.processes import ProcessSpec
from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings
from domain.events.webhooks.signing import SigningSecret, new_secret

TARGET_RATE: Final = 1_000.0
TARGET_P50: Final = 100.0
TARGET_DEAD: Final = 1.1
ENDPOINTS: Final = 10
CROWD: Final = 50
PATIENCE: Final = 120
ALLOW: Final = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}
_EMPTY: Final = "TRUNCATE attempts, deliveries, endpoints, events"
_STEADY: Final = 20
"""Events a second beside a dead endpoint, each for every endpoint."""

_EVENTS: Final = """
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT $1, v, 1, 'verification.approved', clock_timestamp(), $2::json FROM unnest($3::uuid[]) AS v
"""
_DELAYS: Final = """
SELECT extract(epoch FROM d.ended_at - e.at)::float8 * 1000 AS ms
FROM deliveries d JOIN events e USING (seq) WHERE d.state = 'delivered' ORDER BY e.seq
"""


async def measure_deliveries(rig: Rig, *, rounds: int, events: int, latencies: int) -> list[Figure]:
    """Each round has a new sender process."""
    rates, used = [], []
    for number in range(1, rounds + 1):
        rate, cpu = await _rate(rig, events)
        rates.append(rate)
        used.append(cpu)
        show_progress(f"deliveries {number}/{rounds}: {rate:,.0f}/s, {cpu:,.0f} µs CPU each")
    delays = await _delays(rig, endpoints=1, events=latencies, pause=0.05)
    alone, beside = await _beside_dead(rig, rounds=2 * rounds, events=latencies)
    show_progress(f"p99 of {CROWD - 1} endpoints: {alone:.1f} ms alone, {beside:.1f} ms beside a dead one")
    rate = median(rates)
    return [
        Figure("deliveries/s of one sender", f"{rate:,.0f}", "", rate, TARGET_RATE, unit="/s"),
        limit("CPU per delivery", median(used), "µs"),
        limit("idle: event → delivered, p50", percentile(delays, 0.5), "ms", target=TARGET_P50),
        Figure(
            f"p99 beside 1 dead of {CROWD} endpoints : without it",
            f"{beside:.1f} ms",
            f"{alone:.1f} ms",
            beside / alone,
            TARGET_DEAD,
            at_most=True,
        ),
    ]


async def _beside_dead(rig: Rig, *, rounds: int, events: int) -> tuple[float, float]:
    """The 99th percentiles without and beside a dead endpoint, over all events of alternating rounds.

    All endpoints wait for the same event, so one pause of the machine delays 49 deliveries at once: of 150
    events, two that meet one are the 99th percentile.
    """
    delays: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds):
        for dead in (False, True) if number % 2 else (True, False):
            pause = 1 / _STEADY
            delays[dead] += await _delays(rig, endpoints=CROWD - 1, events=events, pause=pause, dead=dead)
    return percentile(delays[False], 0.99), percentile(delays[True], 0.99)


async def _rate(rig: Rig, events: int) -> tuple[float, float]:
    """Deliveries a second, and the sender's processor time for each in µs."""
    count = ENDPOINTS * events
    async with receivers(rig, ENDPOINTS), running(sender(rig), cores=SERVER_CORE) as pid:
        await _append(rig, 1)
        await delivered(rig, ENDPOINTS)
        cpu, begin = cpu_seconds(pid), await rig.database.fetchval("SELECT clock_timestamp()")
        await _append(rig, events)
        await rig.redis.publish(DEFAULT_NAMES.events, b"")
        await delivered(rig, ENDPOINTS + count)
        cpu = cpu_seconds(pid) - cpu
        end = await rig.database.fetchval("SELECT max(ended_at) FROM deliveries")
    return count / (end - begin).total_seconds(), cpu / count * 1e6


async def _delays(rig: Rig, *, endpoints: int, events: int, pause: float, dead: bool = False) -> list[float]:
    """Milliseconds from each event to each delivery."""
    random = Random(1)
    async with receivers(rig, endpoints, dead=dead), running(sender(rig), cores=SERVER_CORE):
        # Only a sender that is up and listens to hints is idle.
        await _append(rig, 1)
        await delivered(rig, endpoints)
        for _ in range(events):
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
            await _append(rig, 1)
            await rig.redis.publish(DEFAULT_NAMES.events, b"")
        await delivered(rig, endpoints * (events + 1))
        # Behind the block the tables are empty.
        return [row["ms"] for row in await rig.database.fetch(_DELAYS)][endpoints:]


def sender(rig: Rig) -> ProcessSpec:
    """A process that delivers alone."""
    return rig.roles.with_settings(FACEID_ROLES="deliver", **ALLOW).worker()


async def _append(rig: Rig, count: int) -> None:
    body = json.dumps({"biz_id": "1700000000,bench", "biz_no": "order", "outcome": "approved"})
    await rig.database.execute(_EVENTS, APP_ID, body, [uuid4() for _ in range(count)])


async def delivered(rig: Rig, count: int) -> None:
    """Return when this many deliveries were made."""

    async def done() -> bool:
        query = "SELECT count(*) FROM deliveries WHERE state = 'delivered'"
        return bool(await rig.database.fetchval(query) >= count)

    await until(done, seconds=PATIENCE, every=0.1)


@asynccontextmanager
async def receivers(rig: Rig, count: int, *, dead: bool = False) -> AsyncIterator[None]:
    """Endpoints of an empty log during the block, and the process that receives for all of them."""
    await rig.database.execute(_EMPTY)
    port = free_port()
    urls = [f"http://127.0.0.1:{port}/{n}" for n in range(count)]
    await _add_endpoints(rig, urls + [f"http://127.0.0.1:{port}/dead"] * dead)
    spec = rig.roles.program("receivers", "-m", "bench.traffic.receivers", str(port), port=port)
    async with running(spec):
        yield
    await rig.database.execute(_EMPTY)


async def _add_endpoints(rig: Rig, urls: Sequence[str]) -> None:
    env = rig.roles.env
    engine = create_engine(env["FACEID_DATABASE_URL"])
    keys = KeyRing([base64.b64decode(env["FACEID_MASTER_KEYS"])])
    for n, url in enumerate(urls):
        endpoint = Endpoint(
            id=UUID(int=n),
            app_id=APP_ID,
            settings=EndpointSettings(url=url),
            private=EndpointPrivate(secrets=(SigningSecret(new_secret(os.urandom(32))),)),
            created_at=datetime.now(UTC),
            updated_at=datetime.now(UTC),
        )
        await PgEndpoints(engine, keys=keys).add(endpoint, limit=len(urls))
    await engine.dispose()
