"""A `dev` whose database is restored from before an erasure: refused, brought up to date, served again."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from devstack.stack import Stack, StackOptions, remove_data, running_stack
from domain.errors import SettingsError
from tests.whole.e2e.conftest import IMPATIENT
from tests.whole.e2e.gateway import Gateway

pytestmark = pytest.mark.timeout(280)

ASKED = {"fields": ["id_number"], "reason": "ticket 4711"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: PostgreSQL may run as another user."""
    folder = Path(mkdtemp(prefix="faceid-restored-")).resolve()
    yield folder
    remove_data(folder)


def options(folder: Path) -> StackOptions:
    return StackOptions(data_dir=folder, env=IMPATIENT)


async def test_a_restored_dev_is_served_once_the_ledger_is_applied(folder: Path) -> None:
    async with running_stack(options(folder)) as stack:
        biz_id = (await decided(stack))["biz_id"]
    await copied(folder / "postgres", folder / "backup")
    async with running_stack(options(folder)) as stack:
        assert (await shown(stack, biz_id))["id_number"] is not None
        await erased(stack, biz_id)

    remove_data(folder / "postgres")
    (folder / "backup").rename(folder / "postgres")

    remedy = f"erasures apply --data-dir {folder}"
    with pytest.raises(SettingsError, match=rf"^the database lacks 1 erasure.*`faceid-gateway {remedy}`"):
        async with running_stack(options(folder)):
            pass
    assert await command(*remedy.split()) == "1 erasure(s) applied\n"
    assert (await command(*remedy.split())).startswith("nothing to apply")
    async with running_stack(options(folder)) as stack:
        assert (await shown(stack, biz_id))["id_number"] is None


async def decided(stack: Stack) -> dict[str, Any]:
    """A verification that the simulator has ended, once it is decided."""
    gateway = Gateway(stack)
    try:
        return await gateway.decided((await gateway.simulate("pass"))["biz_id"])
    finally:
        await gateway.aclose()


async def shown(stack: Stack, biz_id: str) -> dict[str, Any]:
    """What an identity read answers."""
    gateway = Gateway(stack)
    try:
        answer = await gateway.api.post(f"/v1/verifications/{biz_id}/identity", json=ASKED)
        return dict(answer.raise_for_status().json())
    finally:
        await gateway.aclose()


async def erased(stack: Stack, biz_id: str) -> None:
    gateway = Gateway(stack)
    try:
        order = {"reason": "asked to"}
        (await gateway.api.post(f"/v1/verifications/{biz_id}/erasure", json=order)).raise_for_status()
    finally:
        await gateway.aclose()


async def copied(folder: Path, to: Path) -> None:
    """Copy with owners and rights: PostgreSQL refuses a folder of others."""
    await asyncio.to_thread(subprocess.run, ["cp", "-a", str(folder), str(to)], check=True)


async def command(*argv: str) -> str:
    """What a command prints; it must succeed."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await running.communicate()
    assert running.returncode == 0, err.decode()
    return out.decode()
