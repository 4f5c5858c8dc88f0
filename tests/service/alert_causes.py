"""What makes each rule of deploy/prometheus-alerts.yml fire."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from redis.asyncio import Redis
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
from tests.support.http.api import RealApi, metrics_of
from tests.support.storage.stores import NOW, Clock, Store, callback, payload
from tests.support.webhooks.hooks import Hooks

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
        usual = {"worker": WORKER, "ingress": INGRESS, "api": {"policies": WORKER["policies"]}}.get(role, {})
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
    "FaceidSpoolUnwritable": (2, lambda it: it.beats("ingress", spool_writable=False)),
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
