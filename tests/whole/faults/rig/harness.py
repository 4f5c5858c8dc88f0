"""A whole gateway whose every process a test starts, kills, stops and pauses by hand.

`dev` restarts what dies, after growing pauses; here the test is the supervisor, so that it says when.
"""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psutil

from devstack import databases, environment, ports, servers
from devstack.environment import DevSecrets, load_secrets
from devstack.processes import Process, ProcessSpec
from devstack.roles import Roles
from tests.whole.faults.rig.callbacks import app_id
from tests.whole.faults.rig.faulty_vendor import NAMES, PICTURES

LISTENERS: Final = ("vendor", "ingress", "second-ingress", "api", "receiver")
SERVERS: Final = ("valkey", "postgres")

MOST_SCRIPTS: Final = 32

FAST: Final = {
    "FACEID_SWEEP_EVERY": "1",
    "FACEID_SWEEP_AFTER": "10",
    "FACEID_PULL_SPACING": "1",
    "FACEID_PULL_TIMEOUT": "3",
}
"""Sweeps fast enough for a test. A lease must still outlast a call and a busy machine: with a shorter one
a healthy worker would be taken for a dead one, and its call for a lost one."""


class Rig:
    """The processes of one gateway and of its vendor."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.secrets: DevSecrets = load_secrets(folder)
        self.ports = {role: ports.free_port() for role in LISTENERS}
        self.ingress_url = f"http://127.0.0.1:{self.ports['ingress']}"
        self.api_url = f"http://127.0.0.1:{self.ports['api']}"
        self.simulator_url: str | None = None
        self.keep = False
        """Whether the folder is to stay behind for a person to look at."""
        self.judged: set[str] = set()
        """Verifications that an earlier test on these processes has judged."""
        self.spool = folder / "spool"
        self.vendor_log = folder / "vendor-calls"
        self.receiver_log = folder / "webhooks"
        base = environment.without_settings(os.environ)
        # A machine that keeps no compiled code would spend most of this suite on compiling it.
        base.pop("PYTHONDONTWRITEBYTECODE", None)
        self._servers = servers.valkey(folder, env=base), servers.postgres(folder, env=base)
        self.redis_url, self.database_url = (spec.url for spec in self._servers)
        spool = {"FACEID_SPOOL_DIR": str(self.spool)}
        self._environment = self._gateway_environment(base | FAST | spool | dict(settings))
        self._processes = {name: Process(spec) for name, spec in self._all_specs(base).items()}

    @property
    def pids(self) -> dict[str, int]:
        """The pid of every process that runs, by name."""
        return {name: process.pid for name, process in self._processes.items() if process.is_running}

    async def prepare(self) -> None:
        """Start the servers and the vendor, on a migrated database."""
        await asyncio.gather(*(self.start(name) for name in (*SERVERS, "vendor")))
        await databases.prepare(self.database_url, token_name="faults", token=self.secrets.api_token)

    async def start(self, name: str, **variables: str) -> None:
        """Start a process, with more environment variables, and wait until it answers."""
        await self._processes[name].start(**variables)

    async def kill(self, name: str) -> None:
        """kill -9, whatever the process has started included: PostgreSQL would outlive its postmaster."""
        await self._processes[name].kill()

    async def ended(self, name: str) -> int:
        """Wait for a process to end; its exit code, negative for a signal."""
        return await self._processes[name].ended()

    async def stop(self, name: str) -> None:
        """End a process in order."""
        await self._processes[name].stop()

    def signal(self, name: str, signum: signal.Signals) -> None:
        """Send a signal to a process and to whatever it has started."""
        self._processes[name].signal(signum)

    async def aclose(self) -> None:
        """End everything, the servers last."""
        for process in reversed(self._processes.values()):
            if process.is_running:
                with suppress(psutil.NoSuchProcess):
                    process.signal(signal.SIGCONT)
            await process.aclose()

    def _gateway_environment(self, caller: dict[str, str]) -> dict[str, str]:
        vendor_url = f"http://127.0.0.1:{self.ports['vendor']}"
        app: dict[str, Any] = {
            "api_key": self.secrets.api_key,
            "api_secrets": [self.secrets.api_secret],
            "vendor_url": vendor_url,
            "pull_retry_delays": [1.0],
        }
        apps = {app_id(script): app for script in range(MOST_SCRIPTS)}
        apps[app_id(NAMES.index(PICTURES))] = {**app, "return_image": 4}
        return environment.gateway_environment(
            {**caller, "FACEID_APPS": json.dumps(apps)},
            self.secrets,
            data_dir=self.folder,
            redis_url=self.redis_url,
            database_url=self.database_url,
            vendor_url=vendor_url,
            ingress_url=self.ingress_url,
        )

    def _all_specs(self, base: dict[str, str]) -> dict[str, ProcessSpec]:
        ports, logs = self.ports, self.folder / "logs"
        roles = Roles(self._environment, logs)
        vendor = ("-m", "tests.whole.faults.rig.faulty_vendor", str(ports["vendor"]), str(self.vendor_log))
        receiver = ("-m", "tests.whole.faults.rig.receiver", str(ports["receiver"]), str(self.receiver_log))
        specs = [
            *self._servers,
            Roles(base, logs).program("vendor", *vendor, port=ports["vendor"]),
            Roles(base, logs).program("receiver", *receiver, port=ports["receiver"]),
            roles.ingress(ports["ingress"]),
            roles.ingress(ports["second-ingress"], name="second-ingress"),
            roles.api(ports["api"]),
            roles.worker(),
        ]
        return {spec.name: spec for spec in specs}


@asynccontextmanager
async def running_rig(**settings: str) -> AsyncIterator[Rig]:
    """Servers and vendor in a separate folder, which is kept if the block fails or `keep` is set."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-faults-"))
    rig = Rig(folder, settings)
    try:
        await rig.prepare()
        yield rig
    finally:
        await rig.aclose()
    if not rig.keep:
        shutil.rmtree(folder, ignore_errors=True)
