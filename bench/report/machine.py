"""The machine of a run."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench.report.figures import Machine
from bench.rig import OTHER_CORES, SERVER_CORE, Rig


async def describe_machine(rig: Rig) -> Machine:
    """The machine and its load before the measurements."""
    server = await rig.redis.info("server")
    valkey = server.get("valkey_version")
    return Machine(
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        pinned=OTHER_CORES != SERVER_CORE,
        python=f"Python {platform.python_version()}",
        redis=f"Valkey {valkey}" if valkey else f"Redis {server['redis_version']}",
        postgres=f"PostgreSQL {await rig.database.fetchval('SHOW server_version')}",
        load_before=round(os.getloadavg()[0], 1),
        at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
