"""A gateway in which every metric has a value, and its page as samples."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from msgspec.structs import asdict
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from adapters.intake.intake import IntakeStatus
from adapters.store.event_upkeep import PgEventUpkeep
from domain.limits.circuit import CircuitState
from domain.views.operations.processes import Heartbeat
from service.api.main import create_app
from service.api.metrics.page import MetricsPage
from tests.support.http.api import RealApi, metrics_of
from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import NOW, Clock, Store, callback, payload
from tests.support.webhooks.hooks import Hooks

WORKER = {
    "jobs": 2,
    "batches": 7,
    "decisions": {"demo": {"approved": 5, "review": 1}},
    "pulls": {"demo": {"done": 6}},
    "reasons": {"demo": {"confirmation.unavailable": 1}},
    "database_seconds": 3.5,
    "pictures": {"demo": {"stored": 4, "lost": 1}},
    "policies": {"default": "0123456789ab"},
    "last_error": None,
    "circuits": {"demo": "open"},
    "refusals": {"demo": "AUTHENTICATION_ERROR"},
    "attempts": {"demo": {"delivered": 5, "receiver": 2}},
    "keys": {"up": True, "failures": 3, "left": 3000.0},
    "attempt_durations": (0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3),
    "attempt_seconds": 91.5,
}


INGRESS: dict[str, Any] = asdict(
    IntakeStatus(
        can_accept=False,
        circuit=CircuitState.OPEN,
        redis_full=True,
        waiting=3,
        spool_bytes=4096,
        spool_bad_bytes=77,
        spool_writable=False,
        spool_oldest_seconds=12.5,
    )
) | {"accepted": {"demo": 9}, "refused": {"demo": {"not_durable": 4}, "": {"bad_signature": 2}}}


async def put_heartbeat(context: RealApi, role: str, pid: int, status: dict[str, Any]) -> None:
    await context.heartbeats.put(Heartbeat(role, "host", pid, "1.2", 5, NOW, NOW, status))


def page_of(context: RealApi, **changes: Any) -> MetricsPage:
    servers = {"redis": context.redis, "engine": context.engine, "monotonic": time.monotonic}
    return metrics_of(**{**servers, **changes})


@pytest.fixture
async def full(api_context: RealApi, store: Store) -> RealApi:
    """A gateway in which every metric has a value."""
    await store.record(callback(payload(1), received_at=datetime.now(UTC) - timedelta(hours=23)))
    await store.dead_letters.keep(callback(payload(2)), reason="bad_biz_id", detail="why", now=NOW)
    reviews = Reviews(store, Clock(datetime.now(UTC)))
    await reviews.conclude(await reviews.case(8))
    await reviews.case(9)
    hooks = Hooks(store.engine, store.keys, Clock())
    await hooks.endpoint()
    await hooks.event()
    await hooks.fan_out()
    async with store.engine.begin() as connection:
        await connection.execute(text("INSERT INTO event_log (one) VALUES (true) ON CONFLICT DO NOTHING"))
    assert await PgEventUpkeep(store.engine).count(limit=9)
    await put_heartbeat(api_context, "worker", 1, WORKER)
    await put_heartbeat(api_context, "ingress", 2, INGRESS)
    await put_heartbeat(api_context, "api", 3, {"refusals": {"other": "AUTHORIZATION_ERROR"}})
    return api_context


async def scrape(context: RealApi) -> str:
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def parsed(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values, in the order of the labels' names."""
    return {
        (
            sample.name.removeprefix("faceid_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in parsed(text).values()
        for sample in family.samples
    }
