"""The whole gateway on one machine, every role its own process: what `dev`, `demo` and e2e tests run."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from adapters.database import create_engine
from adapters.schema import migrate
from adapters.store.tokens import PgTokens
from cli import environment, servers
from cli.environment import APP_ID, DevSecrets, callers_environment, load_secrets, write_atomically
from cli.processes import ProcessSpec, Supervisor

ROLES = ("ingress", "api", "worker", "simulator", "valkey", "postgres")


@dataclass(frozen=True)
class StackOptions:
    """Where the data stands and which ports are wanted; port 0 means any free one."""

    data_dir: Path
    ingress_port: int = 0
    api_port: int = 0
    simulator_port: int = 0
    vendor_url: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Settings beside those of the environment."""


class Stack:
    """A running gateway; `description` is what `dev.json` holds."""

    def __init__(self, options: StackOptions) -> None:
        self.data_dir = options.data_dir.resolve()
        self.ingress_port = options.ingress_port or servers.free_port()
        self.api_port = options.api_port or servers.free_port()
        self.simulator_port = options.simulator_port or servers.free_port()
        self.ingress_url = f"http://127.0.0.1:{self.ingress_port}"
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.simulator_url = None if options.vendor_url else f"http://127.0.0.1:{self.simulator_port}"
        self.vendor_url = options.vendor_url or f"http://127.0.0.1:{self.simulator_port}"
        self.redis_url = ""
        self.database_url = ""
        self.secrets: DevSecrets = load_secrets(self.data_dir)
        self.supervisor = Supervisor(self.write_description)
        # Loopback alone: without a TLS context, which takes longer to build than all probes to send.
        self._env = options.env
        self._prober = httpx2.AsyncClient(trust_env=False, verify=False, timeout=2)
        self._up = False

    @property
    def pids(self) -> dict[str, int]:
        """The current pid of every process, by role."""
        return self.supervisor.pids

    @property
    def description(self) -> dict[str, Any]:
        """Addresses, credentials and pids, as contract.md fixes them."""
        pids = self.pids
        return {
            "ingress_url": self.ingress_url,
            "api_url": self.api_url,
            "simulator_url": self.simulator_url,
            "app_id": APP_ID,
            "api_token": self.secrets.api_token,
            "vendor": {
                "api_key": self.secrets.api_key,
                "api_secret": self.secrets.api_secret,
                "url": self.vendor_url,
            },
            "redis_url": self.redis_url,
            "database_url": self.database_url,
            "data_dir": str(self.data_dir),
            "pids": {role: pids.get(role) for role in ROLES},
        }

    def write_description(self) -> None:
        """Write `dev.json`, once everything is up."""
        if self._up:
            content = json.dumps(self.description, indent=2).encode() + b"\n"
            write_atomically(self.data_dir / "dev.json", content)

    async def start(self) -> None:
        """Start the servers, migrate, start the roles.

        Raises:
            StartFailed, ServerMissing: with what to look at.
        """
        caller = {**callers_environment(), **self._env}
        await self._start_servers(caller)
        await self._prepare_database()
        await self._start_roles(caller)
        self._up = True
        self.write_description()

    async def stop(self) -> None:
        """Stop everything; the data stays."""
        self._up = False
        await self.supervisor.stop()
        await self._prober.aclose()
        (self.data_dir / "dev.json").unlink(missing_ok=True)

    async def _start_servers(self, caller: Mapping[str, str]) -> None:
        env = {**caller, environment.OWNER: str(self.data_dir)}
        self.redis_url = caller.get("FACEID_REDIS_URL", "")
        if not self.redis_url:
            spec, self.redis_url = servers.valkey(self.data_dir, env=env)
            await self.supervisor.start(spec)
        self.database_url = caller.get("FACEID_DATABASE_URL", "")
        if not self.database_url:
            spec, self.database_url = servers.postgres(self.data_dir, env=env)
            await self.supervisor.start(spec)

    async def _prepare_database(self) -> None:
        await migrate(self.database_url)
        engine = create_engine(self.database_url)
        try:
            await PgTokens(engine).put("dev", self.secrets.api_token)
        finally:
            await engine.dispose()

    async def _start_roles(self, caller: Mapping[str, str]) -> None:
        gateway = environment.gateway_environment(
            caller,
            self.secrets,
            data_dir=self.data_dir,
            redis_url=self.redis_url,
            database_url=self.database_url,
            vendor_url=self.vendor_url,
            ingress_url=self.ingress_url,
        )
        ingress = ("serve", "ingress", "--port", str(self.ingress_port))
        api = ("serve", "api", "--port", str(self.api_port))
        roles = [
            self._role("ingress", ingress, gateway, f"{self.ingress_url}/healthz"),
            self._role("api", api, gateway, f"{self.api_url}/readyz"),
            self._role("worker", ("worker",), gateway, None),
        ]
        if self.simulator_url:
            simulated = environment.simulator_environment(
                caller,
                self.secrets,
                data_dir=self.data_dir,
                port=self.simulator_port,
                ingress_url=self.ingress_url,
            )
            probe = f"{self.simulator_url}/healthz"
            roles.append(self._role("simulator", ("simulator",), simulated, probe))
        await asyncio.gather(*(self.supervisor.start(role) for role in roles))

    def _role(
        self, name: str, command: tuple[str, ...], env: Mapping[str, str], probe: str | None
    ) -> ProcessSpec:
        argv = (sys.executable, "-m", "cli", *command)
        log = self.data_dir / "logs" / f"{name}.log"
        if probe is None:
            return ProcessSpec(name, argv, env, log)
        return ProcessSpec(name, argv, env, log, answers=lambda: _answers(self._prober, probe))


@asynccontextmanager
async def running_stack(options: StackOptions) -> AsyncIterator[Stack]:
    """A stack that is up inside the block and stopped behind it.

    Raises:
        StartFailed, ServerMissing: with what to look at.
    """
    options.data_dir.mkdir(parents=True, exist_ok=True)
    stop_leftovers(options.data_dir.resolve())
    stack = Stack(options)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()


def stop_leftovers(data_dir: Path) -> None:
    """End the processes that a killed `dev` left on this folder; they carry its mark."""
    left = [process for process in psutil.process_iter() if _belongs_to(process, data_dir)]
    for process in left:
        process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    for process in psutil.wait_procs(left, timeout=10)[1]:
        process.kill()


def _belongs_to(process: psutil.Process, data_dir: Path) -> bool:
    try:
        mark = process.environ().get(environment.OWNER)
    except psutil.Error:
        return False
    return mark == str(data_dir) and process.pid != os.getpid() and process.ppid() != os.getpid()


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx2.HTTPError:
        return False


def remove_data(data_dir: Path) -> None:
    """Delete a throw-away data folder."""
    shutil.rmtree(data_dir, ignore_errors=True)
