"""Every rule of deploy/prometheus-alerts.yml fires on the real page of what it is for, and not before."""

from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from devstack.ports import free_port
from service.ingress.metrics import serving_metrics
from tests.service.alert_causes import CHANGES, INGRESS, Gateway, postgresql_away, redis_away
from tests.support.http.api import RealApi
from tests.support.http.clients import plain_client
from tests.support.project.promtool import PROMTOOL, objection, stays_silent
from tests.support.storage.stores import Store

RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus-alerts.yml"

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="no promtool: .ci/run unpacks it into .tools")


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


async def test_a_console_without_epoch_keys_is_not_about_to_lose_them(gateway: Gateway) -> None:
    before = await gateway.page()
    await gateway.beats("console", keys={"up": False, "left": 0.0})
    after = await gateway.page()
    assert "faceid_epoch_keys_left_seconds" in after
    alert = "FaceidEpochKeysEnd"
    assert objection(RULES, alert, before=before, after=after, minutes=9, firing=False) is None


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
    async with plain_client() as web:
        page = (await web.get(f"http://127.0.0.1:{port}/metrics")).text
    families = page.split("# HELP ")[1:]
    return "".join(f"# HELP {each}" for each in families if f"# HELP {each.split()[0]} " not in but)
