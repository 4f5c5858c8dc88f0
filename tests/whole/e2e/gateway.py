"""What the e2e tests do with a running gateway: send like the vendor, look up like a program, look inside."""

import json
import os
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import httpx2
from redis.asyncio import Redis

from devstack.environment import DevSecrets
from devstack.waiting import until
from domain.callback.signature import sign_data
from domain.model import verification_id
from tests.support.http.clients import plain_client
from tests.support.workers.batches import batches_left

PATIENCE = 60.0


class Running(Protocol):
    """A gateway whose processes are up: where each side of it is found."""

    secrets: DevSecrets
    ingress_url: str
    api_url: str
    simulator_url: str | None
    redis_url: str
    database_url: str

    @property
    def pids(self) -> Mapping[str, int]:
        """The current pid of every process, by role."""


class Gateway:
    """A client of every side of a running gateway."""

    def __init__(self, stack: Running) -> None:
        self.stack = stack
        headers = {"authorization": f"Bearer {stack.secrets.api_token}"}
        self.api = plain_client(stack.api_url, headers=headers, timeout=40)
        self.web = plain_client(timeout=40)
        self.redis: Redis = Redis.from_url(stack.redis_url)

    async def aclose(self) -> None:
        await self.api.aclose()
        await self.web.aclose()
        await self.redis.aclose()

    async def simulate(self, scenario: str, **more: Any) -> dict[str, Any]:
        """Let the simulator end a verification; its answer (`biz_id`, `sent`)."""
        request = {"app_id": "demo", "scenario": scenario, **more}
        answer = await self.web.post(f"{self.stack.simulator_url}/simulator/verifications", json=request)
        return dict(answer.raise_for_status().json())

    async def calls(self, biz_id: str) -> int:
        """How many get_result calls the vendor has seen for this verification."""
        answer = await self.web.get(f"{self.stack.simulator_url}/simulator/verifications/{biz_id}")
        return len(answer.raise_for_status().json()["calls"])

    async def unknown_calls(self) -> int:
        """How many get_result calls the vendor has seen for ids that it does not know."""
        answer = await self.web.get(f"{self.stack.simulator_url}/simulator/stats")
        return int(answer.raise_for_status().json()["unknown_biz_id_calls"])

    async def decided(self, biz_id: str, *, app_id: str | None = None) -> dict[str, Any]:
        """The verification, once it is decided."""
        params = {"wait": "30"} | ({"app_id": app_id} if app_id else {})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = await self.api.get(f"/v1/verifications/{biz_id}", params=params)
            if answer.status_code == 200 and answer.json()["state"] == "decided":
                return dict(answer.json())
        raise AssertionError(f"{biz_id} was not decided in {PATIENCE} s")

    async def lookup(self, biz_id: str) -> httpx2.Response:
        return await self.api.get(f"/v1/verifications/{biz_id}")

    async def timeline(self, biz_id: str) -> list[str]:
        """The events of a verification, oldest first."""
        answer = await self.api.get(f"/v1/verifications/{biz_id}/timeline")
        return [event["event"] for event in answer.raise_for_status().json()["items"]]

    def form(self, payload: dict[str, Any] | bytes, *, secret: str | None = None) -> bytes:
        """A signed form body, as the vendor would send it."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        key = (secret or self.stack.secrets.api_secret).encode()
        return urlencode({"data": data, "sign": sign_data(data, key)}).encode()

    async def post(self, body: bytes, *, to: str = "notify", app_id: str = "demo") -> httpx2.Response:
        """POST a form body to the ingress."""
        return await self.web.post(
            f"{self.stack.ingress_url}/callbacks/{app_id}/{to}",
            content=body,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )

    async def browse(
        self, biz_id: str, *, app_id: str = "demo", address: str = "192.0.2.1"
    ) -> httpx2.Response:
        """Come back as the user's browser does by GET, behind a proxy."""
        return await self.web.get(
            f"{self.stack.ingress_url}/callbacks/{app_id}/return",
            params={"biz_id": biz_id},
            headers={"x-forwarded-for": address},
        )

    async def order(self, **parameters: Any) -> dict[str, Any]:
        """Order a verification by the api; its answer (`biz_id`, `url` …)."""
        order = {"app_id": "demo", "biz_no": uuid4().hex, **parameters}
        return dict((await self.api.post("/v1/verifications", json=order)).raise_for_status().json())

    async def register(self, biz_id: str, *, biz_no: str, expires_in: timedelta) -> httpx2.Response:
        """Register a verification whose token was got elsewhere."""
        expires_at = (datetime.now(UTC) + expires_in).isoformat()
        body = {"app_id": "demo", "biz_no": biz_no, "expires_at": expires_at}
        return (await self.api.put(f"/v1/verifications/{biz_id}", json=body)).raise_for_status()

    async def count(self, query: str, *args: Any) -> int:
        """The one number that `query` selects."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            return int(await connection.fetchval(query, *args))
        finally:
            await connection.close()

    async def event(self, biz_id: str, event: str) -> None:
        """Return when an event is on a verification's timeline."""

        async def is_in_state() -> bool:
            return (await self.lookup(biz_id)).status_code == 200 and event in await self.timeline(biz_id)

        await until(is_in_state, patience=PATIENCE)

    async def settled(self, app_id: str = "demo") -> None:
        """Return when nothing is in the inbox and no verification of the app is about to be settled.

        What other tests left may wait for long: for another call, or for a vendor that nobody reaches.
        """

        async def idle() -> bool:
            waiting = await self.count(
                "SELECT count(*) FROM verifications WHERE app_id = $1 AND state = 'received' AND NOT held"
                " AND due_at < now() + interval '5 seconds'",
                app_id,
            )
            return waiting == 0 and await batches_left(self.redis) == 0

        await until(idle, patience=PATIENCE)

    async def decisions(self, biz_id: str) -> int:
        return await self.count(
            "SELECT count(*) FROM decisions WHERE verification_id = $1", verification_id("demo", biz_id)
        )

    def kill(self, role: str) -> int:
        """kill -9 a role; its pid. `dev` starts it again."""
        pid = self.stack.pids[role]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def restarted(self, role: str, old_pid: int) -> None:
        """Return when a killed role runs again under another pid."""
        await until(lambda: _is(self.stack.pids[role] != old_pid), patience=PATIENCE)


async def _is(value: bool) -> bool:
    return value


def finished_callback(biz_id: str) -> dict[str, Any]:
    """A callback of a flow that has ended, without the blocks that would approve anybody."""
    return {"status": "OK", "biz_info": {"biz_id": biz_id, "biz_no": "n", "biz_extra_data": ""}}


def cancelled_callback(biz_id: str) -> dict[str, Any]:
    """A callback of a user who gave up."""
    return {"status": "CANCELLED", "biz_info": {"biz_id": biz_id, "biz_no": "n", "biz_extra_data": ""}}
