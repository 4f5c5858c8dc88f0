"""Every rule of deploy/prometheus-alerts.yml fires on the real page of what it is for, and not before."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from redis.asyncio import Redis
from ruamel.yaml import YAML
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.client import create_redis_pool
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from adapters.store.audit.rows import append
from devstack.ports import free_port
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.model import Outcome
from domain.views.operations.processes import Heartbeat
from service.ingress.metrics import serving_metrics
from tests.support.http.api import RealApi, metrics_of
from tests.support.project.promtool import PROMTOOL, objection, stays_silent
from tests.support.storage.stores import NOW, Clock, Store, callback, payload
from tests.support.webhooks.hooks import Hooks

RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus-alerts.yml"

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="no promtool: .ci/run unpacks it into .tools")

WORKER: Final[dict[str, Any]] = {
    "batches": 5,
    "decisions": {"demo": {"approved": 90}},
    "reasons": {"demo": {"confirmation.unavailable": 1}},
    "pulls": {"demo": {"done": 90, "unknown": 1}},
    "pictures": {"demo": {"stored": 3, "lost": 0}},
    "policies": {"default": "aaaaaaaaaaaa"},
    "attempts": {"demo": {"delivered": 90, "dns": 0}},
    "keys": {"up": True, "failures": 0, "left": 3580.0},
}
INGRESS: Final[dict[str, Any]] = {
    "accepted": {"demo": 100, "other": 0},
    "refused": {"demo": {"bad_signature": 2, "not_durable": 0}, "other": {"bad_signature": 0}},
}
OLD_BATCH: Final = f"{int((NOW.timestamp() - 3600) * 1000):012x}{'0' * 20}.1"


class Gateway:
    """A gateway that is well until a test changes something."""

    def __init__(self, context: RealApi, store: Store) -> None:
        self.context = context
        self.store = store
        self.redis: Redis = context.redis
        self.changes: dict[str, Any] = {}
        self.hooks = Hooks(store.engine, store.keys, Clock())

    async def beats(
        self, role: str, pid: int = 1, *, version: str = "1.2", at: datetime | None = None, **status: Any
    ) -> None:
        usual = {"worker": WORKER, "ingress": INGRESS, "api": {"policies": WORKER["policies"]}}[role]
        beat = Heartbeat(role, "host", pid, version, 5, NOW, at or datetime.now(UTC), usual | status)
        await Heartbeats(self.redis).put(beat)

    async def silences(self, role: str) -> None:
        for seen in await Heartbeats(self.redis).alive():
            if seen.heartbeat.role == role:
                await Heartbeats(self.redis).remove(seen.heartbeat.id)

    async def endpoint(self, trouble: str) -> None:
        """An endpoint whose delivery waits for hours, or that has failed for days."""
        endpoint = await self.hooks.endpoint()
        await self.hooks.event()
        await self.hooks.fan_out()
        long_ago = datetime.now(UTC) - timedelta(days=3)
        statement = {
            "old-delivery": "UPDATE deliveries SET created_at = :at WHERE endpoint_id = :id",
            "failing": "UPDATE endpoints SET failures = 9, failing_since = :at WHERE id = :id",
        }[trouble]
        async with self.store.engine.begin() as connection:
            await connection.execute(text("UPDATE deliveries SET created_at = now()"))
            await connection.execute(text(statement), {"at": long_ago, "id": endpoint.id})

    async def index(self, name: str, batch_id: str, score: float) -> None:
        await self.redis.zadd(name, {batch_id: score})

    async def page(self) -> str:
        redis = self.changes.get("redis", self.redis)
        page = metrics_of(redis, self.changes.get("engine", self.context.engine))
        return (await page.page()).decode()


Change = Callable[[Gateway], Awaitable[Any]]


async def near_loss(gateway: Gateway) -> None:
    await gateway.store.record(callback(received_at=datetime.now(UTC) - timedelta(hours=23)))


async def held(gateway: Gateway) -> None:
    await gateway.store.record(
        callback(received_at=datetime.now(UTC) - timedelta(hours=2)), awaits_registration=True
    )
    async with gateway.store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET held = true"))


async def overdue(gateway: Gateway) -> None:
    await gateway.store.decide(await gateway.store.record(), outcome=Outcome.REVIEW)


async def kept_too_long(gateway: Gateway) -> None:
    await gateway.store.decide(await gateway.store.record())
    async with gateway.store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE decisions SET decided_at = :at"), {"at": NOW - timedelta(days=30)}
        )


async def too_many_reads(gateway: Gateway) -> None:
    statement = text("INSERT INTO identity_readers VALUES ('person:li.na', CURRENT_DATE, 200, 1)")
    async with gateway.store.engine.begin() as connection:
        await connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        await connection.execute(statement)


async def many_persons(gateway: Gateway) -> None:
    statement = text("INSERT INTO person_counts VALUES ('demo', 50001, now()), ('other', 30000, now())")
    async with gateway.store.engine.begin() as connection:
        await connection.execute(statement)


async def unclosed_audit(gateway: Gateway) -> None:
    async with gateway.store.engine.begin() as connection:
        await append(connection, [AuditRow(action=Action.RECONCILED, actor="command:root")])
        await connection.execute(text("UPDATE audit SET at = now() - interval '2 hours'"))


async def redis_away(gateway: Gateway) -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{free_port()}/0", timeout=timedelta(milliseconds=200))
    gateway.changes["redis"] = Redis(connection_pool=pool)


async def postgresql_away(gateway: Gateway) -> None:
    gateway.changes["engine"] = create_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere")


async def batch_started_again_and_again(gateway: Gateway) -> None:
    await gateway.redis.hset(DEFAULT_NAMES.starts, mapping={OLD_BATCH: "4"})  # type: ignore[misc]


async def overdue_job(gateway: Gateway) -> None:
    await gateway.index(DEFAULT_NAMES.queue, "job", (datetime.now(UTC).timestamp() - 90) * 1000)


async def unclaimed_batch(gateway: Gateway) -> None:
    at = (datetime.now(UTC).timestamp() - 400) * 1000
    await gateway.index(DEFAULT_NAMES.pending, new_batch_id(1), at)


async def letters(gateway: Gateway, count: int) -> None:
    for n in range(count):
        letter = callback(payload(n + 1))
        await gateway.store.dead_letters.keep(letter, reason="bad_biz_id", detail="x", now=NOW)


async def small_redis(gateway: Gateway) -> None:
    await gateway.redis.set("ballast", b"x" * 16_000_000)
    used = int((await gateway.redis.info("memory"))["used_memory"])
    await gateway.redis.config_set("maxmemory", used + 1_000_000)


CHANGES: Final[dict[str, tuple[int, Change]]] = {
    "FaceidVerificationsNearLoss": (2, near_loss),
    "FaceidVerificationsHeld": (6, held),
    "FaceidReviewsOverdue": (6, overdue),
    "FaceidRetentionOverdue": (61, kept_too_long),
    "FaceidAuditNotClosed": (11, unclosed_audit),
    "FaceidIdentityLimit": (1, too_many_reads),
    "FaceidPicturesLost": (2, lambda it: it.beats("worker", pictures={"demo": {"stored": 3, "lost": 3}})),
    "FaceidPersonsNearFiling": (61, many_persons),
    "FaceidKeyStoreAway": (6, lambda it: it.beats("worker", keys={"up": False, "left": 3000.0})),
    "FaceidEpochKeysEnd": (2, lambda it: it.beats("worker", keys={"up": False, "left": 60.0})),
    "FaceidNoWorkerAlive": (2, lambda it: it.silences("worker")),
    "FaceidNoIngressAlive": (2, lambda it: it.silences("ingress")),
    "FaceidIngressRefuses": (2, lambda it: it.beats("ingress", can_accept=False)),
    "FaceidCallbacksRefused": (
        2,
        lambda it: it.beats("ingress", refused={"demo": {"bad_signature": 2, "not_durable": 3}}),
    ),
    "FaceidEveryCallbackUnauthorized": (
        22,
        lambda it: it.beats("ingress", refused={"demo": {"bad_signature": 3, "not_durable": 0}}),
    ),
    "FaceidCallbacksWait": (2, lambda it: it.index(DEFAULT_NAMES.claimed, OLD_BATCH, 1)),
    "FaceidBatchUnreadable": (6, lambda it: it.index(DEFAULT_NAMES.unreadable, new_batch_id(1), 1)),
    "FaceidWorkerWithoutDatabase": (2, lambda it: it.beats("worker", database_seconds=75.0)),
    "FaceidRedisFills": (3, small_redis),
    "FaceidRedisTakesNoWrites": (2, lambda it: it.redis.config_set("min-replicas-to-write", 1)),
    "FaceidServerAway": (2, redis_away),
    "FaceidNoMetrics": (8, lambda it: it.silences("api")),
    "FaceidWorkersBehind": (3, overdue_job),
    "FaceidInboxUntouched": (1, unclaimed_batch),
    "FaceidBatchDoesNotGetThrough": (3, batch_started_again_and_again),
    "FaceidIngressCircuitOpen": (3, lambda it: it.beats("ingress", circuit="open")),
    "FaceidSpoolNotEmpty": (6, lambda it: it.beats("ingress", spool_bytes=4096)),
    "FaceidSpoolDamaged": (6, lambda it: it.beats("ingress", spool_bad_bytes=4096)),
    "FaceidDeadLettersWait": (61, lambda it: letters(it, 1)),
    "FaceidDeadLettersGrow": (1, lambda it: letters(it, 11)),
    "FaceidCredentialsRefused": (
        2,
        lambda it: it.beats("worker", refusals={"demo": "AUTHENTICATION_ERROR"}),
    ),
    "FaceidVendorCircuitOpen": (6, lambda it: it.beats("worker", circuits={"demo": "open"})),
    "FaceidPullsFail": (12, lambda it: it.beats("worker", pulls={"demo": {"done": 91, "unknown": 3}})),
    "FaceidReviewsUnconfirmed": (
        12,
        lambda it: it.beats(
            "worker",
            decisions={"demo": {"approved": 91, "review": 1}},
            reasons={"demo": {"confirmation.unavailable": 2}},
        ),
    ),
    "FaceidPoliciesDiffer": (12, lambda it: it.beats("worker", policies={"default": "bbbbbbbbbbbb"})),
    "FaceidClockWrong": (3, lambda it: it.beats("ingress", at=datetime.now(UTC) + timedelta(minutes=5))),
    "FaceidDeliveriesWait": (6, lambda it: it.endpoint("old-delivery")),
    "FaceidEndpointFails": (6, lambda it: it.endpoint("failing")),
    "FaceidDeliveriesBlocked": (12, lambda it: it.beats("worker", attempts={"demo": {"dns": 20}})),
    "FaceidVersionsMixed": (62, lambda it: it.beats("worker", 7, version="1.3")),
}
"""How each condition is brought about, and the minutes within which the rule fires."""


@pytest.fixture
async def gateway(api_context: RealApi, store: Store) -> Any:
    gateway = Gateway(api_context, store)
    for role in ("worker", "ingress", "api"):
        await gateway.beats(role)
    yield gateway
    await gateway.redis.config_set("maxmemory", 0)
    await gateway.redis.config_set("min-replicas-to-write", 0)


def alerts() -> list[str]:
    [group] = YAML(typ="safe").load(RULES)["groups"]
    return [rule["alert"] for rule in group["rules"]]


def test_every_rule_has_its_condition() -> None:
    assert set(alerts()) == set(CHANGES)


@pytest.mark.parametrize("alert", alerts())
async def test_each_alert_fires_on_its_cause(gateway: Gateway, alert: str) -> None:
    before = await gateway.page()
    minutes, change = CHANGES[alert]
    await change(gateway)
    after = "" if alert == "FaceidNoMetrics" else await gateway.page()
    assert objection(RULES, alert, before=before, after=after, minutes=minutes) is None


async def test_nothing_fires_while_all_is_well(gateway: Gateway) -> None:
    assert stays_silent(RULES, page=await gateway.page()) is None


@pytest.mark.parametrize("role", ["worker", "ingress"])
async def test_a_read_only_redis_does_not_make_the_workers_look_dead(gateway: Gateway, role: str) -> None:
    before = await gateway.page()
    await gateway.silences(role)
    await gateway.redis.config_set("min-replicas-to-write", 1)
    after = await gateway.page()
    assert objection(RULES, "FaceidRedisTakesNoWrites", before=before, after=after, minutes=2) is None
    nobody = f"FaceidNo{role.capitalize()}Alive"
    assert objection(RULES, nobody, before=before, after=after, minutes=9, firing=False) is None


async def test_an_unavailable_postgresql_is_reported_by_name(gateway: Gateway) -> None:
    before = await gateway.page()
    await postgresql_away(gateway)
    after = await gateway.page()
    assert 'faceid_server_up{server="postgresql"} 0.0' in after
    assert objection(RULES, "FaceidServerAway", before=before, after=after, minutes=2) is None


@pytest.mark.parametrize("alert", ["FaceidIngressRefuses", "FaceidCallbacksRefused", "FaceidCallbacksWait"])
async def test_the_ingresss_own_page_shows_refusals_while_redis_is_away(gateway: Gateway, alert: str) -> None:
    status: dict[str, Any] = dict(INGRESS)
    port = free_port()
    with serving_metrics("127.0.0.1", port, statuses=lambda: {"ingress:host:1": status}):
        before = await gateway.page() + await scrape(port, but=await gateway.page())
        status |= {"can_accept": False, "spool_oldest_seconds": 500.0}
        status |= {"refused": {"demo": {"bad_signature": 2, "not_durable": 4}}}
        await redis_away(gateway)
        after = await gateway.page() + await scrape(port, but=await gateway.page())
    assert objection(RULES, alert, before=before, after=after, minutes=2) is None


async def scrape(port: int, *, but: str) -> str:
    """An ingress's page, without the families that another page has already."""
    async with httpx2.AsyncClient(trust_env=False) as web:
        page = (await web.get(f"http://127.0.0.1:{port}/metrics")).text
    families = page.split("# HELP ")[1:]
    return "".join(f"# HELP {each}" for each in families if f"# HELP {each.split()[0]} " not in but)
