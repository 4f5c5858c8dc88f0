"""The whole gateway on one machine, each role in its own process, for `dev`, `demo` and e2e tests."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil

from adapters.redis.names import DEFAULT_PREFIX
from adapters.store.people.api_tokens import token_id
from devstack import databases, environment, ports, servers
from devstack.environment import (
    APP_ID,
    DevSecrets,
    callers_environment,
    keys_url,
    load_secrets,
    master_keys,
    write_atomically,
)
from devstack.keeper import Keeper
from devstack.preflight import check_ports, locked_folder
from devstack.roles import Roles

FOREIGN_TOKEN_LIFE: Final = timedelta(days=7)
"""The token is revoked at the end; the expiry is for a `dev` that was killed."""

USER: Final = "dev"
"""The person who may do everything in a `dev`."""

Users = Callable[[str, str], Awaitable[Mapping[str, Mapping[str, str]]]]
"""Makes users on the migrated servers (URLs of Redis and PostgreSQL); the settings of each role that has its
own."""

ROLES = ("ingress", "api", "console", "worker", "simulator", "valkey", "postgres")


@dataclass(frozen=True)
class StackOptions:
    """The data folder and the ports; port 0 means any free one."""

    data_dir: Path
    ingress_port: int = 0
    api_port: int = 0
    simulator_port: int = 0
    vendor_url: str | None = None
    console_port: int | None = None
    """None: without the console."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Settings in addition to the environment."""
    users: Users | None = None
    """None: all roles are the servers' owner."""

    @property
    def ports(self) -> list[tuple[str, int]]:
        """The required ports, with the options that set them."""
        simulator = [] if self.vendor_url else [("--simulator-port", self.simulator_port)]
        console = [] if self.console_port is None else [("--console-port", self.console_port)]
        return [
            ("--ingress-port", self.ingress_port), ("--api-port", self.api_port), *console, *simulator
        ]  # fmt: skip


class Stack:
    """A running gateway; `description` is the content of `dev.json`."""

    def __init__(self, options: StackOptions) -> None:
        self.data_dir = options.data_dir.resolve()
        self.ingress_port = options.ingress_port or ports.free_port()
        self.api_port = options.api_port or ports.free_port()
        self.console_port = (
            None if options.console_port is None else options.console_port or ports.free_port()
        )
        self.simulator_port = options.simulator_port or ports.free_port()
        self.ingress_url = f"http://127.0.0.1:{self.ingress_port}"
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.console_url = None if self.console_port is None else f"http://127.0.0.1:{self.console_port}"
        self.console_login_url: str | None = None
        self.simulator_url = None if options.vendor_url else f"http://127.0.0.1:{self.simulator_port}"
        self.vendor_url = options.vendor_url or f"http://127.0.0.1:{self.simulator_port}"
        self.redis_url = ""
        self.redis_prefix = DEFAULT_PREFIX
        self.database_url = ""
        self.secrets: DevSecrets = load_secrets(self.data_dir)
        self.keeper = Keeper(self.write_description)
        self._env = options.env
        self._users = options.users
        self._up = False

    @property
    def _foreign_database(self) -> bool:
        return bool(self.database_url) and "postgres" not in self.pids

    @property
    def _token(self) -> str:
        """The token's name, different for each `dev` on one database."""
        return f"dev-{token_id(self.secrets.api_token)}" if self._foreign_database else "dev"

    @property
    def pids(self) -> dict[str, int]:
        """The current pid of every process, by role."""
        return self.keeper.pids

    @property
    def description(self) -> dict[str, Any]:
        """Addresses, credentials and pids, as `dev.json` promises them to other programs."""
        pids = self.pids
        return {
            "ingress_url": self.ingress_url,
            "api_url": self.api_url,
            "console_url": self.console_url,
            "console_login_url": self.console_login_url,
            "simulator_url": self.simulator_url,
            "app_id": APP_ID,
            "api_token": self.secrets.api_token,
            "vendor": {
                "api_key": self.secrets.api_key,
                "api_secret": self.secrets.api_secret,
                "url": self.vendor_url,
            },
            "redis_url": self.redis_url,
            "redis_prefix": self.redis_prefix,
            "keys_url": keys_url({**callers_environment(), **self._env}, self.data_dir),
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
            SettingsError: the database was restored, and lacks erasures.
            StartFailed, ServerMissing: with what to look at.
        """
        caller = {**callers_environment(), **self._env}
        # On foreign servers, other workers could not read our batches, nor ours theirs.
        foreign = bool(caller.get("FACEID_REDIS_URL"))
        own = f"dev-{token_id(self.secrets.api_token)}:" if foreign else DEFAULT_PREFIX
        self.redis_prefix = caller.setdefault("FACEID_REDIS_PREFIX", own)
        if self.console_url is not None:
            caller.setdefault("FACEID_CONSOLE_URL", self.console_url)
        await self._start_servers(caller)
        await databases.prepare(
            self.database_url, token_name=self._token, token=self.secrets.api_token, **self._rights()
        )
        await self._check_ledger(caller)
        await self._start_roles(caller)
        await self._invite(caller)
        self._up = True
        self.write_description()

    async def stop(self) -> None:
        """Stop everything; the data stays."""
        await self._leave()
        self._up = False
        await self.keeper.stop()
        (self.data_dir / "dev.json").unlink(missing_ok=True)

    async def _start_servers(self, caller: Mapping[str, str]) -> None:
        env = {**environment.without_settings(caller), environment.OWNER: str(self.data_dir)}
        self.redis_url = caller.get("FACEID_REDIS_URL", "")
        if not self.redis_url:
            spec = servers.valkey(self.data_dir, env=env)
            self.redis_url = spec.url
            await self.keeper.start(spec)
        self.database_url = caller.get("FACEID_DATABASE_URL", "")
        if not self.database_url:
            spec = servers.postgres(self.data_dir, env=env)
            self.database_url = spec.url
            await self.keeper.start(spec)

    async def _check_ledger(self, caller: Mapping[str, str]) -> None:
        """On a foreign database, the roles check it themselves: the configured servers stay up."""
        if not self._foreign_database:
            await databases.check_ledger(
                self.database_url,
                redis_url=self.redis_url,
                master_keys=master_keys(self.data_dir),
                keys_url=keys_url(caller, self.data_dir),
                data_dir=self.data_dir,
            )

    async def _invite(self, caller: Mapping[str, str]) -> None:
        """Let the user of `dev` in, with every role; on a foreign database, an admin invites people."""
        if self.console_url is None or self._foreign_database or caller.get("FACEID_OIDC_ISSUER"):
            return
        keys = master_keys(self.data_dir)
        link = await databases.sign_in_link(self.database_url, USER, master_keys=keys)
        self.console_login_url = f"{self.console_url}/login?link={link}"

    def _rights(self) -> dict[str, Any]:
        """All rights on our own server; on a foreign one, only our app's, and with an expiry."""
        if not self._foreign_database:
            return {}
        return {"apps": [APP_ID], "expires_at": datetime.now(UTC) + FOREIGN_TOKEN_LIFE}

    async def _leave(self) -> None:
        """Delete our token from a database that stays."""
        if self._foreign_database and self._up:
            await databases.revoke(self.database_url, self._token)

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
        own = {} if self._users is None else await self._users(self.redis_url, self.database_url)

        def roles(name: str) -> Roles:
            return Roles({**gateway, **own.get(name, {})}, self.data_dir / "logs")

        specs = [
            roles("ingress").ingress(self.ingress_port),
            roles("api").api(self.api_port),
            roles("worker").worker(),
        ]
        if self.console_port is not None:
            specs.append(roles("console").console(self.console_port))
        if self.simulator_url:
            simulated = environment.simulator_environment(
                caller,
                self.secrets,
                data_dir=self.data_dir,
                port=self.simulator_port,
                ingress_url=self.ingress_url,
            )
            specs.append(Roles(simulated, self.data_dir / "logs").simulator(self.simulator_port))
        await asyncio.gather(*(self.keeper.start(spec) for spec in specs))


@asynccontextmanager
async def running_stack(
    options: StackOptions, *, starting: Callable[[], None] = lambda: None
) -> AsyncIterator[Stack]:
    """A stack that runs during the block; `starting` is called once its folder is locked and its ports are
    free.

    Raises:
        SettingsError: another `dev` has the folder or a port, or the database lacks erasures.
        StartFailed, ServerMissing: with what to look at.
    """
    options.data_dir.mkdir(parents=True, exist_ok=True)
    with locked_folder(options.data_dir.resolve()):
        stop_leftovers(options.data_dir.resolve())
        check_ports(options.ports)
        starting()
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


def remove_data(data_dir: Path) -> None:
    """Delete a throw-away data folder."""
    shutil.rmtree(data_dir, ignore_errors=True)
