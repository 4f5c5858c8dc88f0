"""The library alone, without the gateway's code: on its oldest Python, with its own dependencies."""

import asyncio

import pytest

from faceid_gateway_client import AsyncGateway, Gateway, NotFound, WebhookRejected, verify_webhook
from faceid_gateway_client._http import httpx
from faceid_gateway_client.scenarios import SCENARIOS, WebhookFactory


def answer(request: "httpx.Request") -> "httpx.Response":
    """One page with one event; no verification at all."""
    if request.url.path != "/v1/events":
        return httpx.Response(404, json={"code": "not_found", "title": "There is no such verification."})
    items = [] if request.url.params.get("after") == "1" else [WebhookFactory().scenario("pass").event]
    return httpx.Response(200, json={"items": items, "next": 1})


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_webhook_is_verified(faceid_webhooks: WebhookFactory, name: str) -> None:
    sent = faceid_webhooks.scenario(name)
    found = verify_webhook(sent.headers, sent.body, faceid_webhooks.secret)
    assert (found.event.type, found.event.outcome) == SCENARIOS[name][:2]


def test_a_changed_webhook_is_rejected(faceid_webhooks: WebhookFactory) -> None:
    sent = faceid_webhooks.scenario("face_mismatch")
    with pytest.raises(WebhookRejected):
        verify_webhook(sent.headers, sent.body.replace(b"rejected", b"approved"), faceid_webhooks.secret)


def test_a_gateway_is_asked() -> None:
    with Gateway("http://gateway", "token", transport=httpx.MockTransport(answer)) as gateway:
        assert [event.type for event in gateway.events(follow=False)] == ["verification.approved"]
        with pytest.raises(NotFound):
            gateway.get("1462259748,a")


def test_a_gateway_is_asked_without_blocking() -> None:
    async def ask() -> list[str]:
        async with AsyncGateway("http://gateway", "token", transport=httpx.MockTransport(answer)) as gateway:
            with pytest.raises(NotFound):
                await gateway.get("1462259748,a")
            return [event.type async for event in gateway.events(follow=False)]

    assert asyncio.run(ask()) == ["verification.approved"]
