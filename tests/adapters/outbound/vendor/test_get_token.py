"""Every end of a get_token call is distinct, and none reveals the secret, a name or an ID number."""

import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from adapters.logs.logs import configure_logs
from adapters.outbound.vendor.get_result import MAX_ANSWER, create_transport
from adapters.outbound.vendor.get_token import FaceidTokens
from domain.apps.app import App
from domain.apps.order import IssuedToken, Order
from domain.errors import NoToken, VendorRefused, VendorUnavailable
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.servers.vendor import (
    Ending,
    VendorServer,
    answers,
    closes,
    floods,
    gzipped,
    hangs,
    refuses,
    resets,
    sends,
    serving,
)
from tests.support.storage.stores import biz_id

SECRET = "canary-secret-5d41402abc4b2a76"
PICTURE = b"\xff\xd8\xff canary picture \r\n--boundary\r\n"
ORDER = Order("订单-1", {"idcard_name": NAME, "idcard_number": ID_NUMBER, "web_title": "实名认证"}, {})
ISSUED = {"token": "t0ken", "biz_id": biz_id(), "expired_time": 1772888400, "request_id": "r", "time_used": 9}
EXPIRES = datetime(2026, 3, 7, 13, 0, tzinfo=UTC)


def app_at(url: str) -> App:
    return App(
        app_id="demo",
        api_key="the-key",
        secrets=(SECRET.encode(), b"older secret"),
        vendor_url=f"{url}/faceid/lite",
        notify_url="https://faceid.example/callbacks/demo/notify",
        return_url="https://faceid.example/callbacks/demo/return",
    )


def issues(**changes: object) -> Ending:
    """200 with a token and these changes; None leaves a field out."""
    answer = {name: value for name, value in (ISSUED | changes).items() if value is not None}
    return answers(200, json.dumps(answer).encode())


@pytest.fixture
async def tokens() -> AsyncIterator[FaceidTokens]:
    tokens = FaceidTokens(create_transport(), timeout=timedelta(seconds=0.5))
    yield tokens
    await tokens.aclose()


async def ask(tokens: FaceidTokens, ending: Ending, order: Order = ORDER) -> tuple[VendorServer, IssuedToken]:
    async with serving(ending) as vendor:
        return vendor, await tokens.get_token(app_at(vendor.url), order)


async def form_of(vendor: VendorServer) -> dict[str, str | tuple[str | None, bytes]]:
    """The fields of the one request's form, read by another library than wrote it."""
    headers = Headers(dict(line.split(": ", 1) for line in vendor.requests[0].split("\r\n")[1:] if line))
    assert parse_options_header(headers["content-type"])[0] == b"multipart/form-data"

    async def body() -> AsyncGenerator[bytes, None]:
        yield vendor.bodies[0]

    fields: dict[str, str | tuple[str | None, bytes]] = {}
    form = await MultiPartParser(headers, body()).parse()
    for name, value in form.items():
        fields[name] = value if isinstance(value, str) else (value.filename, await value.read())
    await form.close()
    return fields


@pytest.mark.parametrize("expired_time", [1772888400, "1772888400", 1772888400.0])
async def test_a_token_comes_with_its_verification_and_end(
    tokens: FaceidTokens, expired_time: object
) -> None:
    _, issued = await ask(tokens, issues(expired_time=expired_time))
    assert issued == IssuedToken(biz_id(), "t0ken", EXPIRES)


async def test_the_form_has_the_vendors_fields(tokens: FaceidTokens) -> None:
    vendor, _ = await ask(tokens, issues(), Order(ORDER.biz_no, ORDER.parameters, {"image_ref1": PICTURE}))
    assert vendor.requests[0].startswith("POST /faceid/lite/get_token HTTP/1.1\r\n")
    assert await form_of(vendor) == {
        "api_key": "the-key",
        "api_secret": SECRET,
        "notify_url": "https://faceid.example/callbacks/demo/notify",
        "return_url": "https://faceid.example/callbacks/demo/return",
        "biz_no": "订单-1",
        "idcard_name": NAME,
        "idcard_number": ID_NUMBER,
        "web_title": "实名认证",
        "image_ref1": ("image_ref1.jpg", PICTURE),
    }


async def test_an_order_cannot_set_our_parameters(tokens: FaceidTokens) -> None:
    stolen = {"notify_url": "https://evil.example", "api_key": "other", "biz_no": "other"}
    vendor, _ = await ask(tokens, issues(), Order("order-1", stolen, {}))
    form = await form_of(vendor)
    assert (form["api_key"], form["biz_no"]) == ("the-key", "order-1")
    assert form["notify_url"] == "https://faceid.example/callbacks/demo/notify"


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
ENDS: list[tuple[str, Ending, type[NoToken], str]] = [
    ("wrong secret", refuses(403, "AUTHENTICATION_ERROR"), VendorRefused, "AUTHENTICATION_ERROR"),
    ("not allowed", refuses(403, "AUTHORIZATION_ERROR:Denied"), VendorRefused, "AUTHORIZATION_ERROR"),
    ("wrong path", refuses(404, "API_NOT_FOUND"), VendorRefused, "API_NOT_FOUND"),
    ("a name", refuses(400, f"nobody called {NAME}"), VendorRefused, "HTTP_400"),
    ("redirect", answers(302, b"", location="/elsewhere"), VendorUnavailable, "HTTP_302"),
    ("403 of a firewall", answers(403, b"<h1>"), VendorUnavailable, "HTTP_403"),
    ("429", answers(429, b"Too Many Requests"), VendorUnavailable, "HTTP_429"),
    (
        "busy, with 200",
        refuses(200, "CONCURRENCY_LIMIT_EXCEEDED"),
        VendorUnavailable,
        "CONCURRENCY_LIMIT_EXCEEDED",
    ),
    ("wrong secret, with 200", refuses(200, "AUTHENTICATION_ERROR"), VendorRefused, "AUTHENTICATION_ERROR"),
    ("gzip", gzipped(b"{}"), VendorUnavailable, "ENCODED_ANSWER"),
    ("more than 1 MiB", floods(MAX_ANSWER + 1), VendorUnavailable, "ANSWER_TOO_LARGE"),
    ("no JSON", answers(200, b"<html>"), VendorUnavailable, "UNREADABLE_ANSWER"),
    ("no biz_id", issues(biz_id=None), VendorRefused, "UNREADABLE_ANSWER"),
    ("a biz_id that is none", issues(biz_id="../../etc"), VendorRefused, "UNREADABLE_ANSWER"),
    ("no token", issues(token=""), VendorRefused, "UNREADABLE_ANSWER"),
    ("a token of two lines", issues(token="a\r\nb"), VendorRefused, "UNREADABLE_ANSWER"),
    ("a number for a token", issues(token=7), VendorRefused, "UNREADABLE_ANSWER"),
    ("no end", issues(expired_time="soon"), VendorRefused, "UNREADABLE_ANSWER"),
    ("the end of time", issues(expired_time=10**30), VendorRefused, "UNREADABLE_ANSWER"),
    ("500", refuses(500, "INTERNAL_ERROR"), VendorUnavailable, "INTERNAL_ERROR"),
    ("502 in HTML", answers(502, b"<h1>"), VendorUnavailable, "HTTP_502"),
    (
        "too many at once",
        refuses(403, "CONCURRENCY_LIMIT_EXCEEDED"),
        VendorUnavailable,
        "CONCURRENCY_LIMIT_EXCEEDED",
    ),
    ("no answer", hangs, VendorUnavailable, "TIMEOUT"),
    (
        "dripping",
        sends(CHUNKED, *(b"1\r\n \r\n" for _ in range(50)), pause=0.05),
        VendorUnavailable,
        "TIMEOUT",
    ),
    ("reset", resets, VendorUnavailable, "CONNECTION_FAILED"),
    ("closed", closes, VendorUnavailable, "CONNECTION_FAILED"),
    ("no HTTP", sends(b"hello\r\n\r\n"), VendorUnavailable, "CONNECTION_FAILED"),
]


@pytest.mark.parametrize(("ending", "error", "word"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
async def test_each_refusal_has_a_stable_word(
    tokens: FaceidTokens,
    ending: Ending,
    error: type[NoToken],
    word: str,
    caplog: pytest.LogCaptureFixture,
    tight_logs: None,
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    async with serving(ending) as vendor:
        with pytest.raises(error) as raised:
            await tokens.get_token(app_at(vendor.url), ORDER)
    assert raised.value.word == word
    assert len(vendor.requests) == 1
    assert_nothing_told(caplog, raised.value)


async def test_an_unreachable_vendor_is_unavailable(
    tokens: FaceidTokens, free_port: int, caplog: pytest.LogCaptureFixture, tight_logs: None
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    with pytest.raises(VendorUnavailable, match="CONNECTION_FAILED") as raised:
        await tokens.get_token(app_at(f"http://127.0.0.1:{free_port}"), ORDER)
    assert_nothing_told(caplog, raised.value)


@pytest.mark.parametrize(
    ("message", "argument"),
    [
        ("BAD_ARGUMENTS: web_title", "web_title"),
        ("MISSING_ARGUMENTS:procedure_type", "procedure_type"),
        (f"BAD_ARGUMENTS: {NAME}", None),
        ("BAD_ARGUMENTS", None),
    ],
)
async def test_the_argument_that_the_vendor_objects_to_is_named(
    tokens: FaceidTokens, message: str, argument: str | None
) -> None:
    with pytest.raises(VendorRefused) as raised:
        await ask(tokens, refuses(400, message))
    assert raised.value.word in {"BAD_ARGUMENTS", "MISSING_ARGUMENTS"}
    assert raised.value.argument == argument


async def test_an_app_without_addresses_orders_nothing(tokens: FaceidTokens) -> None:
    with pytest.raises(ValueError, match="no notify_url"):
        await tokens.get_token(App(app_id="demo", api_key="k", secrets=(b"s",)), ORDER)


def test_reprs_of_order_and_token_show_no_content() -> None:
    shown = f"{ORDER!r} {IssuedToken(biz_id(), 't0ken', EXPIRES)!r}"
    for secret in (NAME, ID_NUMBER, "订单", "t0ken"):
        assert secret not in shown


@pytest.fixture
def tight_logs(restored_logs: None) -> None:
    """The logs of a role at its most talkative."""
    configure_logs("debug")


def assert_nothing_told(caplog: pytest.LogCaptureFixture, error: NoToken) -> None:
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    logged = [f"{record.msg} {record.args} {record.exc_text}" for record in caplog.records]
    for text in (*logged, caplog.text, repr(error)):
        for secret in (SECRET, NAME, ID_NUMBER):
            assert secret not in text


async def test_a_refused_secret_is_reported_until_an_order_succeeds(tokens: FaceidTokens) -> None:
    refused = refuses(403, "AUTHENTICATION_ERROR")
    for ending, refusals in [
        (refuses(400, "BAD_ARGUMENTS: biz_no"), {}),
        (refused, {"demo": "AUTHENTICATION_ERROR"}),
        (refuses(500, "INTERNAL_ERROR"), {"demo": "AUTHENTICATION_ERROR"}),
        (issues(), {}),
    ]:
        with contextlib.suppress(NoToken):
            await ask(tokens, ending)
        assert tokens.status() == {"refusals": refusals}
