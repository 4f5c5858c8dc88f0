"""A simulator with a clock that tests set, and a receiver in place of the customer's server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import httpx2
import pytest

from simulator.main import create_app
from simulator.settings import SimulatedApp, SimulatorSettings

NOTIFY_URL = "http://customer.test:8028/callbacks/demo/notify"
RETURN_URL = "http://customer.test:8028/callbacks/demo/return"
SECRETS = {"demo": "demo-secret", "plus": "plus-secret"}

Json = dict[str, Any]


@dataclass
class FakeClock:
    now: datetime = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Received:
    method: str
    url: str
    body: bytes

    @property
    def data(self) -> bytes:
        return unquote_to_bytes(self._raw("data"))

    @property
    def sign(self) -> str:
        return parse_qs(self.body.decode())["sign"][0]

    def _raw(self, name: str) -> bytes:
        pairs = (pair.split(b"=") for pair in self.body.split(b"&"))
        return next(value for key, value in pairs if key == name.encode()).replace(b"+", b" ")


@dataclass
class Receiver(httpx2.AsyncBaseTransport):
    """The customer's server: notes every request and answers `status`, or raises `error`."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None
    received: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.received.append(Received(request.method, str(request.url), await request.aread()))
        self.arrived.set()
        if self.error is not None:
            raise self.error
        return httpx2.Response(self.status, headers=self.headers)


def simulated_settings() -> SimulatorSettings:
    return SimulatorSettings(
        apps={
            "demo": SimulatedApp(
                api_key="demo-key", api_secret=SECRETS["demo"], notify_url=NOTIFY_URL, return_url=RETURN_URL
            ),
            "plus": SimulatedApp(
                api_key="plus-key",
                api_secret=SECRETS["plus"],
                hash="sha256",
                notify_url=NOTIFY_URL,
                return_url=RETURN_URL,
            ),
        }
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def client(clock: FakeClock, receiver: Receiver) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(simulated_settings(), clock=clock, transport=receiver)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://vendor.test") as client,
    ):
        yield client


@dataclass
class Vendor:
    """The requests that tests make, with the answers' JSON."""

    client: httpx2.AsyncClient

    async def get_token(self, **changes: str | None) -> httpx2.Response:
        """A whole and right get_token form with `changes`; None leaves a field out."""
        right: dict[str, str | None] = {
            "api_key": "demo-key",
            "api_secret": SECRETS["demo"],
            "return_url": RETURN_URL,
            "notify_url": NOTIFY_URL,
            "biz_no": "order-1",
        }
        form = right | changes
        data = {name: value for name, value in form.items() if value is not None}
        return await self.client.post("/faceid/lite/get_token", data=data)

    async def get_result(self, biz_id: str, **changes: str) -> httpx2.Response:
        query = {"api_key": "demo-key", "api_secret": SECRETS["demo"], "biz_id": biz_id} | changes
        return await self.client.get("/faceid/lite/get_result", params=query)

    async def start(self, scenario: str = "pass", **changes: object) -> Json:
        """Run a scenario through the control endpoint; `return_` is sent as `return`."""
        order = {"app_id": "demo", "scenario": scenario} | {
            name.rstrip("_"): value for name, value in changes.items()
        }
        response = await self.client.post("/simulator/verifications", json=order)
        assert response.status_code == 201, response.text
        started: Json = response.json()
        return started

    async def see(self, biz_id: str) -> Json:
        response = await self.client.get(f"/simulator/verifications/{biz_id}")
        seen: Json = response.json()
        return seen

    async def stats(self) -> Json:
        stats: Json = (await self.client.get("/simulator/stats")).json()
        return stats


@pytest.fixture
def vendor(client: httpx2.AsyncClient) -> Vendor:
    return Vendor(client)
