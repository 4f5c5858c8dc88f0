"""A verification is ordered with the app's own addresses and registered; nothing personal of it is kept."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from domain.apps.app import App
from domain.errors import NoToken, VendorRefused, VendorUnavailable
from service.api.main import create_app
from service.api.models.orders import MAX_ORDER, MAX_PICTURE
from tests.service.api.routes.verifications.conftest import ORDER, URL, ScriptedIssuer
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.http.vendors import SimulatedVendor
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.storage.dumps import dump_database, dump_redis, traces
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload


async def test_an_order_is_a_token_a_registration_and_an_address(
    api: httpx2.AsyncClient, vendor: SimulatedVendor, store: Store
) -> None:
    answer = await api.post(URL, json=ORDER)
    assert answer.status_code == 201
    ordered = answer.json()
    expires_at = (NOW + timedelta(seconds=3002)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (ordered["app_id"], ordered["biz_no"], ordered["expires_at"]) == ("demo", "order-1", expires_at)
    assert answer.headers["cache-control"] == "no-store"

    page = urlsplit(ordered["url"])
    assert parse_qs(page.query) == {"token": [ordered["token"]]}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(vendor)) as browser:
        assert (await browser.get(ordered["url"])).status_code == 200

    shown = (await api.get(answer.headers["location"])).json()
    assert (shown["biz_id"], shown["biz_no"], shown["state"]) == (ordered["biz_id"], "order-1", "created")
    assert shown["registered"] == {"at": "2026-03-07T12:00:00.000Z", "expires_at": expires_at}
    assert (shown["held"], shown["received_at"]) == (False, None)
    assert shown["pulls"] == {"used": 0, "limit": 3, "until": "2026-03-08T12:00:00.000Z"}


async def test_the_vendors_parameters_are_passed_on(
    scripted: httpx2.AsyncClient, issuer: ScriptedIssuer
) -> None:
    picture = b"\xff\xd8 a face"
    more = {
        "biz_extra_data": "x\ny", "web_title": "实名认证", "scene_id": "s1", "uuid": "user 7",
        "procedure_type": "will", "procedure_priority": "keep", "action_http_method": "GET",
        "redirect_type": 1,
        "encryption_type": 0, "comparison_type": -1, "idcard_mode": 0, "idcard_name": NAME,
        "idcard_number": ID_NUMBER, "fmp_mode": 1, "get_fail_reason": 1, "return_multifaces_tag": 1,
    }  # fmt: skip
    pictures = {"image_ref2": base64.b64encode(picture).decode()}
    answer = await scripted.post(URL, json=ORDER | more | pictures | {"extra": {"new_one": "z"}})
    assert answer.status_code == 201, answer.text
    [order] = issuer.orders
    assert order.biz_no == "order-1"
    assert order.parameters == {name: str(value) for name, value in more.items()} | {"new_one": "z"}
    assert order.pictures == {"image_ref2": picture}


async def test_the_token_is_encoded_in_the_address(scripted: httpx2.AsyncClient) -> None:
    ordered = (await scripted.post(URL, json=ORDER)).json()
    assert ordered["url"] == "http://vendor.test/faceid/lite/do?token=t0%2Fken%2B"


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"biz_no": None}, "body.biz_no", "string_type"),
        ({"biz_no": ""}, "body.biz_no", "string_too_short"),
        ({"biz_no": "字" * 43}, "body.biz_no", "too_many_bytes"),
        ({"biz_no": "a\0b"}, "body.biz_no", "nul_character"),
        ({"biz_no": "\ud800"}, "body.biz_no", "string_unicode"),
        ({"biz_extra_data": "x" * 4097}, "body.biz_extra_data", "too_many_bytes"),
        ({"web_title": "实" * 11}, "body.web_title", "too_many_bytes"),
        ({"uuid": "x" * 513}, "body.uuid", "too_many_bytes"),
        ({"procedure_type": "a&b"}, "body.procedure_type", "string_pattern_mismatch"),
        ({"idcard_mode": 5}, "body.idcard_mode", "less_than_equal"),
        ({"comparison_type": 2}, "body.comparison_type", "literal_error"),
        ({"action_http_method": "PUT"}, "body.action_http_method", "literal_error"),
        ({"idcard_number": ID_NUMBER * 200}, "body.idcard_number", "too_many_bytes"),
        ({"image_ref1": "canary!"}, "body.image_ref1", "picture"),
        ({"image_ref1": ""}, "body.image_ref1", "picture"),
        ({"image_ref1": "A" * (MAX_PICTURE * 4 // 3 + 8)}, "body.image_ref1", "picture"),
        ({"notify_url": "https://evil.example/"}, "body", "extra_forbidden"),
        ({"return_url": "https://evil.example/"}, "body", "extra_forbidden"),
        ({"extra": {"notify_url": "https://evil.example/"}}, "body", "reserved_parameter"),
        ({"extra": {"api_secret": "canary"}}, "body", "reserved_parameter"),
        ({"extra": {"biz_no": "canary"}}, "body", "reserved_parameter"),
        ({"extra": {"idcard_name": "canary"}}, "body", "reserved_parameter"),
        ({"extra": {f"p{n}": "" for n in range(33)}}, "body.extra", "extra"),
        ({"extra": {"CANARY canary": "x"}}, "body.extra", "extra"),
        ({"extra": {"a_canary": 7}}, "body.extra", "extra"),
        ({"extra": {"a_canary": "x" * 4097}}, "body.extra", "extra"),
        ({"extra": {"a_canary": "\ud800"}}, "body.extra", "extra"),
        ({"extra": ["canary"]}, "body.extra", "extra"),
    ],
)
async def test_a_parameter_that_the_vendor_would_refuse_is_named_and_not_echoed(
    scripted: httpx2.AsyncClient, issuer: ScriptedIssuer, change: dict[str, Any], where: str, what: str
) -> None:
    body = json.dumps(ORDER | change)
    answer = await scripted.post(URL, content=body, headers={"content-type": "application/json"})
    problem = assert_problem(answer, 422, "invalid_request")
    assert {"where": where, "what": what} in problem["errors"]
    for secret in ("canary", "evil", ID_NUMBER):
        assert secret not in answer.text
    assert issuer.orders == []


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body whose length nobody declares."""
    for _ in range(size // 65536 + 1):
        yield b" " * 65536


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_is_read_to_its_cap_and_no_further(
    api: httpx2.AsyncClient, method: str, declared: bool
) -> None:
    url = URL if method == "POST" else f"{URL}/{biz_id()}"
    body = b" " * (MAX_ORDER + 1) if declared else pieces(MAX_ORDER + 1)
    assert_problem(await api.request(method, url, content=body), 413, "body_too_large")


async def test_three_of_the_largest_pictures_fit(
    scripted: httpx2.AsyncClient, issuer: ScriptedIssuer
) -> None:
    whole = ORDER | {f"image_ref{n}": base64.b64encode(b"x" * MAX_PICTURE).decode() for n in (1, 2, 3)}
    assert (await scripted.post(URL, json=whole)).status_code == 201
    assert [len(picture) for picture in issuer.orders[0].pictures.values()] == [MAX_PICTURE] * 3


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (
            VendorRefused("BAD_ARGUMENTS", argument="web_title"),
            502,
            ("vendor_refused", "BAD_ARGUMENTS", "web_title"),
        ),
        (VendorRefused("AUTHENTICATION_ERROR"), 502, ("vendor_refused", "AUTHENTICATION_ERROR", None)),
        (VendorUnavailable("TIMEOUT"), 503, ("vendor_unavailable", "TIMEOUT", None)),
    ],
)
async def test_the_vendors_error_word_is_passed_on(
    scripted: httpx2.AsyncClient,
    issuer: ScriptedIssuer,
    store: Store,
    error: NoToken,
    status: int,
    told: tuple[str, str, str | None],
) -> None:
    issuer.error = error
    answer = await scripted.post(URL, json=ORDER)
    code, word, argument = told
    problem = assert_problem(answer, status, code)
    assert (problem["vendor_error"], problem.get("argument")) == (word, argument)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert await store.rows("SELECT count(*) FROM verifications") == [(0,)]


async def test_without_addresses_of_its_own_an_app_orders_nothing(
    api: httpx2.AsyncClient, api_context: RealApi, issuer: ScriptedIssuer
) -> None:
    bare = App(app_id="demo", api_key="k", secrets=(b"s",), notify_url="https://faceid.example/")
    context = replace(api_context, issuer=issuer, apps={**api_context.apps, "demo": bare})
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=api.headers) as client:
        assert_problem(await client.post(URL, json=ORDER), 409, "app_not_configured")
    assert issuer.orders == []


async def test_the_app_is_named_unless_the_token_sees_one_alone(
    api: httpx2.AsyncClient, client_of: ClientOf, api_context: RealApi
) -> None:
    nameless = {"biz_no": "order-1"}
    assert_problem(await api.post(URL, json=nameless), 400, "app_id_required")
    assert_problem(await api.post(URL, json=nameless | {"app_id": "nobody"}), 404, "not_found")
    await api_context.tokens.put("one app", "t", apps=["other"])
    client = client_of("t")
    assert (await client.post(URL, json=nameless)).json()["app_id"] == "other"
    assert_problem(await client.post(URL, json=ORDER), 404, "not_found")


async def test_each_order_is_another_verification(api: httpx2.AsyncClient) -> None:
    ordered = [(await api.post(URL, json=ORDER)).json()["biz_id"] for _ in range(2)]
    assert len(set(ordered)) == 2


async def test_a_callback_that_was_faster_is_advanced_at_once(
    scripted: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    await store.record(callback(payload(biz_no="order-1")), awaits_registration=True)
    assert (await scripted.post(URL, json=ORDER)).status_code == 201
    jobs = await api_context.redis.keys("arq:job:faceid:settle:*")
    assert len(jobs) == 1


async def test_a_biz_id_of_another_order_is_a_conflict(scripted: httpx2.AsyncClient, store: Store) -> None:
    await store.register(biz_no="another")
    assert_problem(await scripted.post(URL, json=ORDER), 409, "registration_conflict")


async def test_names_and_numbers_are_neither_logged_nor_stored(
    api: httpx2.AsyncClient, engine: AsyncEngine, api_context: RealApi
) -> None:
    secret = {
        "idcard_name": NAME,
        "idcard_number": ID_NUMBER,
        "image_ref1": base64.b64encode(b"face").decode(),
    }
    with capture_logs() as lines:
        answer = await api.post(URL, json=ORDER | secret)
        refused = await api.post(URL, json=ORDER | secret | {"idcard_mode": 9})
    assert (answer.status_code, refused.status_code) == (201, 422)
    kept = await dump_database(engine) + await dump_redis(api_context.redis)
    assert traces(kept + answer.text + refused.text + repr(lines)) == []
    assert [line["event"] for line in lines] == ["verification.ordered"]
    assert answer.json()["token"] not in kept + repr(lines)
