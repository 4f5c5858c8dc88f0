"""How each role of a gateway is run: its command, environment and log, and how to see that it answers."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from devstack.ports import listens
from devstack.processes import ProcessSpec, always


@dataclass(frozen=True)
class Roles:
    """Roles and other Python programs that share one environment; each writes its own log in `logs`."""

    env: Mapping[str, str]
    logs: Path

    def with_settings(self, **variables: str) -> "Roles":
        """The same roles, with these environment variables added."""
        return Roles({**self.env, **variables}, self.logs)

    def ingress(self, port: int, *, name: str = "ingress", processes: int | None = None) -> ProcessSpec:
        """The ingress on this port. It answers once it runs, even without its servers.

        `processes`: how many a supervisor runs; None for one process without a supervisor.
        """
        more = () if processes is None else ("--processes", str(processes))
        return self._listener(name, port, "serve", "ingress", "--port", str(port), *more, path="/healthz")

    def api(self, port: int) -> ProcessSpec:
        """The api on this port. It answers once it reaches its servers."""
        return self._listener("api", port, "serve", "api", "--port", str(port), path="/readyz")

    def console(self, port: int) -> ProcessSpec:
        """The console on this port. It answers once it reaches its servers."""
        return self._listener("console", port, "serve", "console", "--port", str(port), path="/readyz")

    def worker(self) -> ProcessSpec:
        """One worker. It listens on no port: it counts as up once it is started."""
        return self._command("worker", "worker", answers=always)

    def simulator(self, port: int) -> ProcessSpec:
        """The simulator; its environment names the same port."""
        return self._listener("simulator", port, "simulator", path="/healthz")

    def program(self, name: str, *argv: str, port: int | None = None) -> ProcessSpec:
        """Another Python program, `python argv…`. With a port, it is up once this takes connections."""
        return ProcessSpec(
            name,
            (sys.executable, *argv),
            self.env,
            self.logs / f"{name}.log",
            answers=always if port is None else lambda: listens(port),
            url="" if port is None else _url(port),
        )

    def _listener(self, name: str, port: int, *command: str, path: str) -> ProcessSpec:
        url = _url(port)
        return self._command(name, *command, answers=lambda: _is_ok(f"{url}{path}"), url=url)

    def _command(
        self, name: str, *command: str, answers: Callable[[], Awaitable[bool]], url: str = ""
    ) -> ProcessSpec:
        argv = (sys.executable, "-m", "cli", *command)
        return ProcessSpec(name, argv, self.env, self.logs / f"{name}.log", answers=answers, url=url)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


async def _is_ok(url: str) -> bool:
    # Loopback alone: without certificates, which take longer to load than all probes to send.
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=2) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False
