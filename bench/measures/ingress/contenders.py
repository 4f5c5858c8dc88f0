"""The ingresses that are measured beside the product's: naive, Fastify with BullMQ, and the bare ceiling."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import bench.baselines
from bench.report.console import show_progress
from bench.rig import OTHER_CORES, SERVER_CORE, Rig, running
from devstack.ports import free_port, listens
from devstack.processes import ProcessSpec

FASTIFY: Final = Path(bench.baselines.__file__).parent / "fastify"
NPM_CI: Final = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
NPM_PATIENCE: Final = 90


class Side(NamedTuple):
    """A server that is measured."""

    name: str
    port: int
    pid: int


@asynccontextmanager
async def ingresses(
    rig: Rig, names: Sequence[str], *, durability: str, measured: bool = True
) -> AsyncIterator[list[Side]]:
    """The named ingresses, all on the measured core, or all beside it; Fastify is left out where it cannot be
    installed."""
    cores = SERVER_CORE if measured else OTHER_CORES
    async with AsyncExitStack() as stack:
        sides = []
        for name in names:
            port = free_port()
            spec = _spec(rig, name, port, durability=durability)
            if spec is not None:
                sides.append(Side(name, port, await stack.enter_async_context(running(spec, cores=cores))))
        yield sides


def _spec(rig: Rig, name: str, port: int, *, durability: str) -> ProcessSpec | None:
    if name == "product":
        return rig.roles.with_settings(FACEID_DURABILITY=durability).ingress(port)
    if name == "Fastify":
        return _fastify(rig, port)
    module = {"naive": "bench.baselines.ingress", "bare": "bench.baselines.bare"}[name]
    return rig.roles.program(f"{name}-ingress", "-m", module, str(port), port=port)


def _fastify(rig: Rig, port: int) -> ProcessSpec | None:
    node, server = shutil.which("node"), _fastify_folder(rig) / "server.js"
    if node is None or not server.exists():
        return None
    return ProcessSpec(
        "fastify",
        (node, str(server), str(port)),
        {**rig.roles.env, "NODE_ENV": "production"},
        rig.folder / "logs/fastify.log",
        answers=lambda: listens(port),
    )


async def install_fastify(rig: Rig) -> None:
    """Install Fastify and BullMQ into the rig's folder, if there is npm and it reaches its registry."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        show_progress("Fastify + BullMQ: not measured, there is no node with npm")
        return
    folder = _fastify_folder(rig)
    shutil.copytree(FASTIFY, folder)
    if not await _installs(npm, folder):
        shutil.rmtree(folder)
        show_progress("Fastify + BullMQ: not measured, npm cannot install the packages")


async def _installs(npm: str, folder: Path) -> bool:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        npm, *NPM_CI, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, env={**os.environ, "CI": "1"}
    )
    try:
        return await asyncio.wait_for(process.wait(), NPM_PATIENCE) == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _fastify_folder(rig: Rig) -> Path:
    return rig.folder / "fastify"
