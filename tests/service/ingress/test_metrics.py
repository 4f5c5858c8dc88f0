"""The ingress's own page: internal, there without Redis and the event loop, with nothing personal on it."""

import asyncio
import time
from urllib.parse import urlencode

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from devstack.ports import free_port
from domain.callback.signature import sign_data
from domain.errors import NotDurable, SettingsError
from domain.views.operations.processes import IngressStatus
from service.ingress.main import create_app
from service.ingress.metrics import serving_metrics
from service.ingress.stats import IngressStats
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import SECRET
from tests.support.http.clients import plain_client
from tests.support.payloads.callbacks import dump
from tests.support.storage.dumps import traces
from tests.support.storage.stores import payload


async def scrape(port: int) -> str:
    async with plain_client() as web:
        answer = await web.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    return answer.text


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def post(web: httpx2.AsyncClient, app_id: str, *, secret: bytes = SECRET) -> int:
    data = dump(payload(1))
    form = urlencode({"data": data, "sign": sign_data(data, secret)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await web.post(f"/callbacks/{app_id}/notify", content=form, headers=headers)
    return answer.status_code


async def test_accepted_and_refused_callbacks_are_counted_by_app_and_code() -> None:
    intake = FakeIntake()
    context = ingress_context(intake)
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://ingress") as web:
        statuses = [await post(web, "demo"), await post(web, "demo", secret=b"wrong")]
        statuses += [await post(web, "a-strangers-word")]
        intake.error = NotDurable("full")
        statuses += [await post(web, "shop")]
    assert statuses == [200, 401, 401, 503]
    port = free_port()
    with serving_metrics("127.0.0.1", port, statuses=lambda: {"ingress:me": context.stats.status()}):
        text = await scrape(port)
    told = samples(text)
    assert told[("faceid_callbacks_accepted_total", "demo", "ingress:me")] == 1
    refused = {key[1:3]: value for key, value in told.items() if key[0] == "faceid_callbacks_refused_total"}
    assert refused == {
        ("demo", "bad_signature"): 1,
        ("", "bad_signature"): 1,
        ("shop", "not_durable"): 1,
    }
    assert "a-strangers-word" not in text
    assert traces(text) == []


async def test_it_answers_while_the_event_loop_does_not() -> None:
    port = free_port()
    with serving_metrics("127.0.0.1", port, statuses=lambda: {"ingress:me": IngressStats().status()}):
        scraping = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(scrape(port))))
        await asyncio.sleep(0)
        deadline = time.monotonic() + 5
        while not scraping.done() and time.monotonic() < deadline:
            time.sleep(0.3)  # noqa: ASYNC251 - the loop is blocked
            await asyncio.sleep(0)
        assert ("faceid_ingress_accepting", "ingress:me") in samples(await scraping)


async def test_a_port_that_is_taken_is_a_line_that_names_the_setting() -> None:
    port, status = free_port(), IngressStats().status
    with (
        serving_metrics("127.0.0.1", port, statuses=lambda: {"one": status()}),
        pytest.raises(SettingsError, match=f"^FACEID_INGRESS_METRICS_PORT: {port} cannot be used"),
        serving_metrics("127.0.0.1", port, statuses=lambda: {"two": status()}),
    ):
        pass
    with serving_metrics("127.0.0.1", None, statuses=lambda: {"none": status()}):
        pass


def test_a_heartbeat_has_every_figure_of_the_page() -> None:
    stats = IngressStats()
    stats.count_accepted("demo")
    stats.count_refused("demo", "not_durable")
    assert set(stats.status()) <= set(IngressStatus.__struct_fields__)
