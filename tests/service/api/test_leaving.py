"""A restart of the api answers every waiting lookup without a decision."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from adapters.store.people.api_tokens import PgTokens
from devstack import ports
from devstack.environment import role_settings, without_settings
from devstack.processes import Process
from devstack.roles import Roles
from tests.support.http.asgi import SECRET
from tests.support.http.clients import plain_client
from tests.support.storage.stores import Store, biz_id

WAITING = 40
MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
HEADERS = {"authorization": "Bearer all-token"}


@pytest.fixture
async def api_process(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Process]:
    """An api whose door closes three seconds after SIGTERM: by then every request has arrived."""
    apps = {"demo": {"api_key": "k", "api_secrets": [SECRET.decode()]}}
    needed = role_settings(redis_url, database_url, master_key=MASTER_KEY, apps=apps)
    environment = without_settings(os.environ) | needed | {"FACEID_SHUTDOWN_DELAY": "3"}
    async with Process(Roles(environment, tmp_path).api(ports.free_port())) as process:
        yield process


async def test_a_waiting_lookup_is_answered_at_sigterm_without_a_decision(
    api_process: Process, store: Store
) -> None:
    await PgTokens(store.engine).put("all", "all-token")
    await store.record()
    limits = httpx2.Limits(max_connections=WAITING + 1)
    async with plain_client(api_process.url, headers=HEADERS, timeout=20, limits=limits) as api:
        known, unknown = (
            [
                asyncio.create_task(api.get(f"/v1/verifications/{biz_id(n)}?wait=30"))
                for _ in range(WAITING // 2)
            ]
            for n in (1, 2)
        )
        api_process.signal(signal.SIGTERM)
        answers = await asyncio.wait_for(asyncio.gather(*known, *unknown), 20)
    assert [answer.status_code for answer in answers[: WAITING // 2]] == [200] * (WAITING // 2)
    assert {answer.json()["state"] for answer in answers[: WAITING // 2]} == {"received"}
    assert [answer.status_code for answer in answers[WAITING // 2 :]] == [404] * (WAITING // 2)
    assert await api_process.ended() == -signal.SIGTERM
