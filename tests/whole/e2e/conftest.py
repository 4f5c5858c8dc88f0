"""The whole gateway in its own processes, as `dev` runs it, with sweeps fast enough for a test."""

import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cli.commands.processes.demo import Observation, observe_all
from devstack.stack import Stack, StackOptions, remove_data, running_stack
from tests.support.servers.users import make_users
from tests.whole.e2e.gateway import Gateway

SAMPLE_APP = {
    "api_key": "sample-key",
    "api_secrets": ["FAKE_API_SECRET"],
    "vendor_url": "http://127.0.0.1:9",
    "notify_url": "https://faceid.example/callbacks/sample/notify",
    "return_url": "https://faceid.example/callbacks/sample/return",
}
"""The app of the captured sample. Its vendor address is unreachable."""

IMPATIENT = {
    "FACEID_SWEEP_EVERY": "1",
    "FACEID_SWEEP_AFTER": "3",
    "FACEID_PULL_SPACING": "1",
    "FACEID_SIMULATOR_TOKEN_LIFE": "2",
    "FACEID_RECONCILE_GRACE": "1",
    "FACEID_NUDGE_GRACE": "1",
    # All tests share one ingress: those that send many returns must not use up the others' rate.
    "FACEID_NUDGE_RATE": "500",
    "FACEID_TRUSTED_PROXIES": "127.0.0.1",
    "FACEID_APPS": json.dumps({"sample": SAMPLE_APP, "demo": {"return_image": 4}}),
}


@pytest.fixture(scope="session")
def stack_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="faceid-e2e-"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(stack_folder: Path) -> AsyncIterator[Stack]:
    options = StackOptions(data_dir=stack_folder, env=IMPATIENT, users=make_users)
    async with running_stack(options) as stack:
        yield stack
    remove_data(stack_folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(stack: Stack) -> AsyncIterator[Gateway]:
    """A client of the running gateway, its vendor and its stores."""
    gateway = Gateway(stack)
    yield gateway
    await gateway.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def observed(stack: Stack) -> list[Observation]:
    """The results of all scenarios of the demo."""
    return await observe_all(stack)
