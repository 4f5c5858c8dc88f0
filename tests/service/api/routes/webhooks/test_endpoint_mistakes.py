"""No endpoint with a mistake is created or changed: each mistake has a name, and no answer repeats it."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.outbound.webhooks.new_secrets import RandomSecrets
from adapters.outbound.webhooks.ways import CheckedWays
from service.api.main import create_app
from service.api.models.endpoints import NewEndpoint
from tests.service.api.test_queries import AnyToken
from tests.service.conftest import assert_problem
from tests.support.http.api import PublicNames, RealApi, door_of
from tests.support.memory.events.endpoints import MemoryEndpoints
from tests.support.memory.servers import MemoryDatabase
from tests.support.storage.stores import NOW
from tests.support.webhooks.endpoints import endpoint
from usecases.events.webhooks.manage_endpoints import EndpointDesk

URL = "/v1/endpoints"
HOOK = "https://shop.example/hook"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"url": "ftp://canary.example/"}, "url_not_http"),
    ({"url": "canary"}, "url_not_http"),
    ({"url": "https://user:canary@shop.example/"}, "url_with_credentials"),
    ({"url": "https://shop.example/#canary"}, "url_with_fragment"),
    ({"url": "https://canary.internal/"}, "address_refused"),
    ({"url": "http://127.0.0.1:8080/canary"}, "address_refused"),
    ({"url": "http://[::ffff:10.0.0.1]/canary"}, "address_refused"),
    ({"url": "http://169.254.169.254/canary"}, "address_refused"),
    ({"url": "https://canary.nowhere/"}, "address_unresolvable"),
    ({"types": ["canary"]}, "unknown_event_type"),
    ({"types": ["verification.*", "verification.canary"]}, "unknown_event_type"),
    ({"headers": {"Host": "canary"}}, "header_reserved"),
    ({"headers": {"Content-Length": "canary"}}, "header_reserved"),
    ({"headers": {"Webhook-Signature": "canary"}}, "header_reserved"),
    ({"headers": {"x": "canary\r\nhost: x"}}, "header_invalid"),
    ({"headers": {"canary header": "x"}}, "header_invalid"),
    ({"ca": "canary"}, "certificate_invalid"),
    ({"client_certificate": "canary"}, "certificate_invalid"),
    ({"url": 1}, "invalid_request"),
    ({"url": "https://shop.example/\ud800canary"}, "invalid_request"),
    ({"types": []}, "invalid_request"),
    ({"types": "canary"}, "invalid_request"),
    ({"outcomes": ["canary"]}, "invalid_request"),
    ({"format": "canary"}, "invalid_request"),
    ({"signature": "canary"}, "invalid_request"),
    ({"max_in_flight": 0}, "invalid_request"),
    ({"max_rate": 0}, "invalid_request"),
    ({"schedule": []}, "invalid_request"),
    ({"schedule": [0]}, "invalid_request"),
    ({"headers": {"canary": 1}}, "invalid_request"),
    ({"headers": ["canary"]}, "invalid_request"),
    ({"headers": {f"canary-{n}": "x" for n in range(21)}}, "invalid_request"),
    ({"ca": "canary" * 20_000}, "invalid_request"),
    ({"canary": 1}, "invalid_request"),
]


@pytest.mark.parametrize(("fields", "code"), WRONG, ids=[f"{n} {code}" for n, (_, code) in enumerate(WRONG)])
async def test_a_mistake_is_named_and_not_echoed(
    fields: dict[str, Any], code: str, api: httpx2.AsyncClient
) -> None:
    body = json.dumps({"app_id": "demo", "url": HOOK} | fields)
    json_body = {"content-type": "application/json"}
    answer = await api.post(URL, content=body, headers=json_body)
    assert_problem(answer, 422, code)
    assert "canary" not in answer.text
    assert (await api.get(URL)).json()["items"] == []
    made = (await api.post(URL, json={"app_id": "demo", "url": HOOK})).json()
    change = await api.patch(f"{URL}/{made['id']}", content=json.dumps(fields), headers=json_body)
    assert_problem(change, 422, code)
    assert "canary" not in change.text
    found = (await api.get(f"{URL}/{made['id']}")).json()
    assert found | {"secret": made["secret"]} == made


texts = st.text(max_size=20) | st.sampled_from(["*", "verification.*", "http://[", "http://xn--a/", HOOK])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
FIELDS = [*NewEndpoint.model_fields, "overlap"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    way=st.sampled_from([("POST", ""), ("PATCH", "/{}"), ("POST", "/{}/rotate-secret")]),
    body=st.dictionaries(st.sampled_from(FIELDS), values, max_size=4) | values,
)
def test_no_body_causes_a_5xx(api_context: RealApi, way: tuple[str, str], body: object) -> None:
    desk = EndpointDesk(
        MemoryEndpoints(MemoryDatabase(endpoints={endpoint().id: endpoint()})),
        ways=CheckedWays(resolver=PublicNames()),
        secrets=RandomSecrets(),
        limit=9,
        clock=lambda: NOW,
    )
    context = RealApi(**(vars(api_context) | {"door": door_of(AnyToken()), "endpoints": desk}))

    async def scenario() -> httpx2.Response:
        transport = httpx2.ASGITransport(create_app(context))
        headers = {"authorization": "Bearer any", "content-type": "application/json"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers) as api:
            method, path = way
            return await api.request(method, URL + path.format(endpoint().id), content=json.dumps(body))

    assert asyncio.run(scenario()).status_code < 500
