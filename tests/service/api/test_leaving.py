"""A restart of the api answers every waiting lookup without a decision."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

from adapters.store.tokens import PgTokens
from devstack.environment import role_settings, without_settings
from tests.support.http.asgi import SECRET
from tests.support.stores import Store, biz_id, until

WAITING = 40
MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
HEADERS = {"authorization": "Bearer all-token"}


@pytest.fixture
def api_process(database_url: str, redis_url: str, free_port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """An api whose door closes three seconds after SIGTERM: by then every request has arrived."""
    apps = {"demo": {"api_key": "k", "api_secrets": [SECRET.decode()]}}
    needed = role_settings(redis_url, database_url, master_key=MASTER_KEY, apps=apps)
    environment = without_settings(os.environ) | needed | {"FACEID_SHUTDOWN_DELAY": "3"}
    argv = [sys.executable, "-m", "cli", "serve", "api", "--port", str(free_port)]
    with subprocess.Popen(argv, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_waiting_lookup_is_answered_at_sigterm_without_a_decision(
    api_process: "subprocess.Popen[bytes]", store: Store, free_port: int
) -> None:
    await PgTokens(store.engine).put("all", "all-token")
    await store.record()
    limits = httpx2.Limits(max_connections=WAITING + 1)
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{free_port}", headers=HEADERS, trust_env=False, timeout=20, limits=limits
    ) as api:
        await until(lambda: _answers(api), patience=30)
        known, unknown = (
            [
                asyncio.create_task(api.get(f"/v1/verifications/{biz_id(n)}?wait=30"))
                for _ in range(WAITING // 2)
            ]
            for n in (1, 2)
        )
        api_process.send_signal(signal.SIGTERM)
        answers = await asyncio.wait_for(asyncio.gather(*known, *unknown), 20)
    assert [answer.status_code for answer in answers[: WAITING // 2]] == [200] * (WAITING // 2)
    assert {answer.json()["state"] for answer in answers[: WAITING // 2]} == {"received"}
    assert [answer.status_code for answer in answers[WAITING // 2 :]] == [404] * (WAITING // 2)
    assert await asyncio.to_thread(api_process.wait, 10) == -signal.SIGTERM


async def _answers(api: httpx2.AsyncClient) -> bool:
    try:
        return (await api.get("/healthz")).status_code == 200
    except httpx2.HTTPError:
        return False
