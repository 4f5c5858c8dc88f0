"""`python -m bench.measures.worker.velocity`: what it costs to count the verifications of an ID number.

Rounds of a worker with the shipped policy and with one that has a maximum, in turns; then the two statements
alone, for a group of 128 numbers that nobody else has and for one number that `SHARED` verifications have.
"""

import asyncio
import base64
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from adapters.policies.folder import SHIPPED
from adapters.postgres.engine import create_engine
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.numbers.velocity import PgVelocity
from bench.measures.worker.decided import WARM_UP, Round, measure_round, product_with, vendor_spec
from bench.rig import Rig, empty, running, standing_rig
from bench.traffic.callbacks import APP_ID, load_callbacks
from bench.traffic.seeding import seed_sealed
from devstack.roles import Roles
from domain.verifications.lease import Lease
from simulator.scenarios.identity import fake_number

ROUNDS: Final = 8
JOBS: Final = 1_500
GROUP: Final = 128
SHARED: Final = 100_000
GROUPS: Final = 9
SIDES: Final = ("without", "with")
_MAXIMUM: Final = ("# max_same_number_30d = 10", "max_same_number_30d = 10")
_VERSION: Final = ('version = "', 'version = "counted-')

_SHARE: Final = """
INSERT INTO id_numbers (verification_id, app_id, digest, at)
SELECT gen_random_uuid(), $1, $2, now() FROM generate_series(1, $3::int)
"""


async def main() -> None:
    """Measure and print."""
    async with standing_rig(callbacks=WARM_UP + JOBS) as rig:
        await _measure_rounds(rig)
        await empty(rig)
        await _measure_groups(rig)


async def _measure_rounds(rig: Rig) -> None:
    seen: dict[str, list[Round]] = {side: [] for side in SIDES}
    callbacks = load_callbacks(rig.pool)
    workers = {"without": rig.roles.worker(), "with": _counting(rig).worker()}
    async with running(vendor_spec(rig)):
        for number in range(ROUNDS):
            # In turns, because what one round leaves to do in PostgreSQL slows down the next.
            for side in SIDES if number % 2 else SIDES[::-1]:
                seen[side].append(await measure_round(rig, product_with(workers[side]), callbacks))
    for name, place in (("decisions/s", 0), ("µs of the worker", 1), ("µs of PostgreSQL", 2)):
        without, counted = ([each[place] for each in seen[side]] for side in SIDES)
        more = [b - a for a, b in zip(without, counted, strict=True)]
        print(
            f"{name}: without {_shown(without)}, with {_shown(counted)}, "
            f"a round's difference {statistics.median(more):+,.0f}"
        )


def _counting(rig: Rig) -> Roles:
    """The roles with a policy that has a maximum, which no number of the pool reaches."""
    text = (SHIPPED / "default.toml").read_text()
    for old, new in (_MAXIMUM, _VERSION):
        text = text.replace(old, new, 1)
    folder = rig.folder / "policies"
    folder.mkdir()
    (folder / "default.toml").write_text(text)
    return rig.roles.with_settings(FACEID_POLICY_DIR=str(folder))


def _shown(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


async def _measure_groups(rig: Rig) -> None:
    ring = KeyRing([base64.b64decode(rig.roles.env["FACEID_MASTER_KEYS"])])
    index, shared = BlindIndex(ring), fake_number("shared")
    await seed_sealed(rig, count=2 * GROUP * GROUPS)
    await rig.database.execute(_SHARE, APP_ID, index.digest(APP_ID, shared), SHARED)
    await rig.database.execute("VACUUM ANALYZE id_numbers")
    rows = await rig.database.fetch("SELECT id, fence FROM verifications")
    key, _ = ring.new_data_key(place="bench")
    leases = [Lease(row["id"], APP_ID, row["fence"], key) for row in rows]
    engine = create_engine(rig.roles.env["FACEID_DATABASE_URL"])
    velocity = PgVelocity(engine, index=index)
    seen: dict[str, list[float]] = {"of its own": [], "shared": []}
    try:
        for start in range(0, len(leases), 2 * GROUP):
            own, common = leases[start : start + GROUP], leases[start + GROUP : start + 2 * GROUP]
            numbers = [fake_number(str(lease.verification_id)) for lease in own]
            seen["of its own"].append(await _seconds(velocity, own, numbers))
            seen["shared"].append(await _seconds(velocity, common, [shared] * GROUP))
    finally:
        await engine.dispose()
    for name, times in seen.items():
        print(f"a group of {GROUP}, number {name}: {statistics.median(times) * 1e3:.1f} ms")


async def _seconds(velocity: PgVelocity, leases: Sequence[Lease], numbers: Sequence[str]) -> float:
    """For one group: the coalescer takes what is asked for at the same moment."""
    begin, at = time.perf_counter(), datetime.now(UTC)
    await asyncio.gather(*(velocity.count(*each, at=at) for each in zip(leases, numbers, strict=True)))
    return time.perf_counter() - begin


if __name__ == "__main__":
    asyncio.run(main())
