"""/metrics: every figure with its help, nothing personal, cheap under a storm, there in any outage."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import promql_parser
import pytest
from redis.asyncio import Redis
from ruamel.yaml import YAML

from adapters.postgres.engine import create_engine
from adapters.redis.client import create_redis_pool
from adapters.store.lookups.figures import PgFigures
from devstack import ports
from service.api.main import create_app
from service.api.metrics.page import FRESH_FOR
from tests.service.api.metrics.conftest import WORKER, page_of, parsed, put_heartbeat, samples, scrape
from tests.support.http.api import RealApi
from tests.support.storage.dumps import traces
from tests.support.storage.stores import Clock, biz_id, callback

ROOT = Path(__file__).parents[4]


async def test_the_figures_need_no_token(full: RealApi) -> None:
    await full.inbox.hand_over("b1", [callback()])
    told = samples(await scrape(full))
    expected = {
        ("server_up", "redis"): 1,
        ("server_up", "postgresql"): 1,
        ("inbox_batches",): 1,
        ("redis_writable",): 1,
        ("redis_memory_max_bytes",): 0,
        ("redis_memory_stop_bytes",): 1024**3,
        ("ingress_redis_full", "ingress:host:2"): 1,
        ("spool_bad_bytes", "ingress:host:2"): 77,
        ("spool_writable", "ingress:host:2"): 0,
        ("spool_oldest_seconds", "ingress:host:2"): 12.5,
        ("callbacks_accepted_total", "demo", "ingress:host:2"): 9,
        ("callbacks_refused_total", "demo", "not_durable", "ingress:host:2"): 4,
        ("callbacks_refused_total", "", "bad_signature", "ingress:host:2"): 2,
        ("decision_reasons_total", "demo", "confirmation.unavailable", "worker:host:1"): 1,
        ("worker_database_seconds", "worker:host:1"): 3.5,
        ("policy_info", "0123456789ab", "default", "worker:host:1"): 1,
        ("inbox_unreadable",): 0,
        ("reviews_waiting", "demo", "open"): 1,
        ("reviews_overdue", "demo"): 1,
        ("reviews_overdue", "other"): 0,
        ("reviews_concluded_in_a_day", "demo", "face.below_threshold", "rejected", "review"): 1,
        ("reviews_in_a_day", "demo"): 1,
        ("identity_reads_today",): 0,
        ("identity_readers_at_limit",): 0,
        ("reviews_hasty_in_a_day", "demo"): 1,
        ("second_looks_in_a_day", "no", "demo"): 0,
        ("processes", "worker"): 1,
        ("processes", "ingress"): 1,
        ("processes", "api"): 1,
        ("vendor_refuses", "other", "AUTHORIZATION_ERROR", "api:host:3"): 1,
        ("process_info", "worker:host:1", "worker", "1.2"): 1,
        ("worker_jobs", "worker:host:1"): 2,
        ("worker_batches_total", "worker:host:1"): 7,
        ("decisions_total", "demo", "approved", "worker:host:1"): 5,
        ("pulls_total", "demo", "worker:host:1", "done"): 6,
        ("delivery_attempts_total", "demo", "delivered", "worker:host:1"): 5,
        ("delivery_attempts_total", "demo", "receiver", "worker:host:1"): 2,
        ("key_store_up", "worker:host:1"): 1,
        ("key_store_failures_total", "worker:host:1"): 3,
        ("epoch_keys_left_seconds", "worker:host:1"): 3000,
        ("delivery_attempt_seconds_bucket", "0.025", "worker:host:1"): 3,
        ("delivery_attempt_seconds_bucket", "15.0", "worker:host:1"): 4,
        ("delivery_attempt_seconds_bucket", "+Inf", "worker:host:1"): 7,
        ("delivery_attempt_seconds_sum", "worker:host:1"): 91.5,
        ("delivery_attempt_seconds_count", "worker:host:1"): 7,
        ("events_total", "verification.approved"): 1,
        ("deliveries", "demo", "pending"): 1,
        ("deliveries", "demo", "failed"): 0,
        ("endpoints", "demo", "enabled"): 1,
        ("endpoint_failing_seconds", "demo"): 0,
        ("vendor_circuit_open", "demo", "worker:host:1"): 1,
        ("vendor_circuit_open", "other", "worker:host:1"): 0,
        ("vendor_refuses", "demo", "AUTHENTICATION_ERROR", "worker:host:1"): 1,
        ("ingress_accepting", "ingress:host:2"): 0,
        ("ingress_circuit_open", "ingress:host:2"): 1,
        ("ingress_waiting", "ingress:host:2"): 3,
        ("spool_bytes", "ingress:host:2"): 4096,
        ("verifications_open", "demo", "received"): 1,
        ("verifications_near_loss", "demo"): 1,
        ("verifications_near_loss", "other"): 0,
        ("verifications_held", "demo"): 0,
        ("verifications_held", "other"): 0,
        ("oldest_held_seconds", "demo"): 0,
        ("dead_letters", "demo", "bad_biz_id"): 1,
    }
    assert {key: told.get(key) for key in expected} == expected
    assert 0 <= told[("inbox_untouched_seconds",)] < 60


async def test_every_metric_has_its_help_and_nothing_personal(full: RealApi) -> None:
    text = await scrape(full)
    assert traces(text) == []
    assert not [n for n in (1, 2) if biz_id(n) in text]
    families = parsed(text)
    assert all(name.startswith("faceid_") for name in families)
    assert all(family.documentation.endswith(".") for family in families.values())
    labels = {label for family in families.values() for sample in family.samples for label in sample.labels}
    ours = {
        "agrees",
        "kind",
        "effective_outcome",
        "app_id",
        "code",
        "error",
        "mark",
        "outcome",
        "policy",
        "process",
        "reason",
        "role",
        "server",
    }
    assert labels == ours | {"end", "le", "state", "type", "version"}


async def test_a_storm_of_scrapes_reads_once(full: RealApi, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, reads = Clock(), 0

    def monotonic() -> float:
        return clock.now.timestamp()

    page = page_of(full, monotonic=monotonic)
    figures = PgFigures.read

    async def counted(self: PgFigures, now: datetime) -> Any:
        nonlocal reads
        reads += 1
        return await figures(self, now)

    monkeypatch.setattr(PgFigures, "read", counted)
    context = replace(full, metrics=page)
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        for _ in range(50):
            await client.get("/metrics")
        assert reads == 1
        clock.go_on(timedelta(seconds=FRESH_FOR))
        await client.get("/metrics")
    assert reads == 2


@pytest.fixture
async def away() -> AsyncIterator[Redis]:
    """A Redis that is away."""
    pool = create_redis_pool(f"redis://127.0.0.1:{ports.free_port()}/0", timeout=timedelta(milliseconds=200))
    yield Redis(connection_pool=pool)
    await pool.disconnect()


async def test_without_redis_the_store_is_reported(full: RealApi, away: Redis) -> None:
    told = samples(await scrape(replace(full, metrics=page_of(full, redis=away))))
    assert (told[("server_up", "redis")], told[("server_up", "postgresql")]) == (0, 1)
    assert told[("verifications_near_loss", "demo")] == 1
    assert ("inbox_batches",) not in told
    assert ("processes", "worker") not in told


async def test_a_full_redis_is_reported_and_hides_no_process(full: RealApi) -> None:
    await full.redis.config_set("maxmemory", "1mb")
    try:
        await put_heartbeat(full, "worker", 3, WORKER)
        told = samples(await scrape(full))
    finally:
        await full.redis.config_set("maxmemory", "0")
    assert (told[("server_up", "redis")], told[("redis_writable",)]) == (1, 0)
    assert told[("redis_memory_bytes",)] > told[("redis_memory_max_bytes",)] == 1024**2
    assert told[("redis_memory_stop_bytes",)] == 0.75 * 1024**2
    assert told[("processes", "worker")] == 2


async def test_without_postgresql_the_rest_is_reported(full: RealApi) -> None:
    engine = create_engine(f"postgresql://nobody@127.0.0.1:{ports.free_port()}/nowhere")
    told = samples(await scrape(replace(full, metrics=page_of(full, engine=engine))))
    await engine.dispose()
    assert (told[("server_up", "redis")], told[("server_up", "postgresql")]) == (1, 0)
    assert told[("processes", "worker")] == 1
    assert not [key for key in told if key[0].startswith(("verifications", "dead_letters"))]


async def test_a_status_of_another_version_falls_back_to_defaults(full: RealApi) -> None:
    await put_heartbeat(full, "worker", 9, {"jobs": "many", "decisions": 5})
    told = samples(await scrape(full))
    assert told[("worker_jobs", "worker:host:9")] == 0
    assert told[("worker_jobs", "worker:host:1")] == 2


def alert_rules() -> list[dict[str, Any]]:
    [group] = YAML(typ="safe").load(ROOT / "deploy" / "prometheus-alerts.yml")["groups"]
    return list(group["rules"])


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: str(rule["alert"]))
async def test_an_alert_asks_for_metrics_and_labels_that_exist(full: RealApi, rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    told: dict[str, set[str]] = {}
    for family in parsed(await scrape(full)).values():
        for sample in family.samples:
            told.setdefault(sample.name, set()).update(sample.labels)
    names = set(re.findall(r"faceid_\w+", rule["expr"]))
    assert names
    assert names <= set(told)
    asked = re.findall(r"by \(([\w, ]+)\)", rule["expr"]) + re.findall(r"\{(\w+)!?=", rule["expr"])
    wanted = {label.strip() for part in asked for label in part.split(",")}
    assert wanted <= set().union(*(told[name] for name in names))


def headings(text: str) -> set[str]:
    """The anchors of a Markdown page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_links_to_the_runbook(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in headings((ROOT / page).read_text())
    assert rule["labels"]["severity"] in {"critical", "warning"}


async def test_every_metric_is_documented_and_no_other(full: RealApi) -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    documented = set(re.findall(r"^\| `(faceid_\w+)", page, re.MULTILINE))
    assert documented == {
        re.sub(r"_(?:bucket|sum|count)$", "", sample.name) if family.type == "histogram" else sample.name
        for family in parsed(await scrape(full)).values()
        for sample in family.samples
    }
