"""The API on the real store, without sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from redis.asyncio import BlockingConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.policies.folder import PolicyBook
from adapters.sealing.envelope import KeyRing
from service.api.main import create_app
from tests.adapters.policies.test_folder import write
from tests.support.http.api import RealApi, real_api
from tests.support.http.vendors import SimulatedVendor
from tests.support.storage.stores import Clock

TOKENS = {
    "all": (None, ["verifications:read", "operate"]),
    "reader": (None, ["verifications:read"]),
    "operator": (None, ["operate"]),
    "other": (["other"], ["verifications:read"]),
    "operator of one": (["demo"], ["operate"]),
}
"""Name (and secret) of each token: its apps and scopes."""


@pytest.fixture
def policy_folder(tmp_path: Path) -> Path:
    """A folder with one policy, `a`."""
    write(tmp_path, "a")
    return tmp_path


@pytest.fixture
async def context(
    redis_pool: BlockingConnectionPool,
    engine: AsyncEngine,
    keys: KeyRing,
    policy_folder: Path,
) -> RealApi:
    return real_api(
        redis_pool,
        engine,
        keys,
        policies=PolicyBook.open(policy_folder),
        clock=Clock(),
        vendor=SimulatedVendor(Clock()),
    )


@pytest.fixture
async def api(context: RealApi) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with every scope; `as_token` makes it another one's."""
    for name, (apps, scopes) in TOKENS.items():
        await context.tokens.put(name, name, apps=apps, scopes=scopes)
    transport = httpx2.ASGITransport(create_app(context), raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://api", headers=as_token("all")
    ) as client:
        yield client


def as_token(name: str) -> dict[str, str]:
    """The header of one of TOKENS."""
    return {"authorization": f"Bearer {name}"}
