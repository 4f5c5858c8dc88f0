"""Duplicates and stale events are noticed; the examples and the pytest fixture work."""

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pytest
from faceid_gateway_client import InMemory, Receiver, WebhookRejected
from faceid_gateway_client.pytest_plugin import faceid_webhooks
from faceid_gateway_client.scenarios import SCENARIOS, SECRET, SignedWebhook, WebhookFactory

from cli.commands.processes.demo import EXPECTED

__all__ = ["faceid_webhooks"]

EXAMPLES = Path(__file__).parents[2] / "client" / "examples"


def receive(receiver: Receiver, webhook: SignedWebhook) -> tuple[bool, bool]:
    received = receiver.receive(webhook.headers, webhook.body)
    receiver.handled(received)
    return received.is_duplicate, received.is_stale


def test_the_second_attempt_of_a_webhook_is_a_duplicate(faceid_webhooks: WebhookFactory) -> None:
    receiver, webhook = Receiver(SECRET), faceid_webhooks.scenario("pass")
    assert [receive(receiver, webhook) for _ in range(2)] == [(False, False), (True, False)]


def test_an_event_behind_a_newer_one_is_stale(faceid_webhooks: WebhookFactory) -> None:
    first, second = (faceid_webhooks.scenario(name, biz_id="1,a") for name in ("pass", "attack"))
    receiver = Receiver([SECRET])
    assert [receive(receiver, each) for each in (second, first)] == [(False, False), (False, True)]
    assert receive(receiver, faceid_webhooks.scenario("pass", biz_id="1,b")) == (False, False)


def test_a_webhook_that_was_not_handled_is_news_again(faceid_webhooks: WebhookFactory) -> None:
    receiver, webhook = Receiver(SECRET), faceid_webhooks.scenario("pass")
    assert [receiver.receive(webhook.headers, webhook.body).is_news for _ in range(2)] == [True, True]


def test_the_memory_is_bounded(faceid_webhooks: WebhookFactory) -> None:
    memory = InMemory(size=2)
    receiver = Receiver(SECRET, memory=memory)
    webhooks = [faceid_webhooks.scenario("pass") for _ in range(3)]
    for webhook in webhooks:
        receive(receiver, webhook)
    assert [memory.is_known(each.headers["webhook-id"]) for each in webhooks] == [False, True, True]


def test_a_forged_webhook_is_rejected(faceid_webhooks: WebhookFactory) -> None:
    webhook = WebhookFactory(secret="whsec_" + "A" * 32).scenario("pass")
    with pytest.raises(WebhookRejected):
        Receiver(SECRET).receive(webhook.headers, webhook.body)


def test_the_scenarios_are_those_of_the_demo() -> None:
    assert {
        name: (outcome, reasons[0] if reasons else None) for name, (_, outcome, reasons) in SCENARIOS.items()
    } == {each.scenario: (each.outcome, each.reason) for each in EXPECTED if each.outcome}


@pytest.fixture(params=["fastapi_receiver", "flask_receiver"])
def example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("FACEID_WEBHOOK_SECRET", SECRET)
    spec = importlib.util.spec_from_file_location(request.param, EXAMPLES / f"{request.param}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def deliver(example: ModuleType, webhook: SignedWebhook) -> int:
    if example.__name__ == "flask_receiver":
        return webhook.to_wsgi(example.app, "/hook")
    return webhook.to_asgi(example.app, "/hook")


def test_the_examples_note_who_is_approved(example: ModuleType, faceid_webhooks: WebhookFactory) -> None:
    passed, failed = (faceid_webhooks.scenario(name, biz_no=name) for name in ("pass", "attack"))
    assert [deliver(example, each) for each in (passed, failed, passed)] == [204, 204, 204]
    assert example.approved == {"pass"}


def test_the_examples_refuse_a_forgery(example: ModuleType) -> None:
    assert deliver(example, WebhookFactory(secret="whsec_" + "A" * 32).scenario("pass")) == 401
    assert example.approved == set()


def test_a_delivery_takes_milliseconds(example: ModuleType, faceid_webhooks: WebhookFactory) -> None:
    deliver(example, faceid_webhooks.scenario("pass"))
    began = time.process_time()
    for _ in range(10):
        deliver(example, faceid_webhooks.scenario("pass"))
    assert (time.process_time() - began) / 10 < 0.05
