"""Every end of a get_result call is distinct, none spends a second call, and none reveals the secret."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import unquote

import aiohttp
import pytest

from adapters.logs.logs import configure_logs
from adapters.outbound.vendor.get_result import MAX_ANSWER, FaceidApi, address_of, create_transport
from domain.apps.app import App
from domain.pulls.answer import UNREADABLE, Answer
from domain.pulls.budget import PullState
from tests.support.servers.vendor import (
    Ending,
    VendorServer,
    answers,
    closes,
    floods,
    gzipped,
    hangs,
    parameters,
    refuses,
    resets,
    sends,
    serving,
)
from tests.support.storage.stores import biz_id

SECRET = "canary-secret-5d41402abc4b2a76"
OK = answers(200, b'{"status":"OK"}')
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

ECHO = b'{"error_message": "INTERNAL_ERROR", "biz_info": {"biz_id": "1,x"}}'
NUMBERED = b'{"error_message": "INTERNAL_ERROR", "status": 500, "biz_id": "1,x"}'
BARE = b'{"error_message": null, "biz_info": {"biz_id": "1,x"}}'
GOOD = b'{"error_message": "", "status": "OK", "biz_info": {}}'

DONE, UNKNOWN = PullState.DONE, PullState.UNKNOWN
BROKEN = Answer(UNKNOWN, error="CONNECTION_BROKEN")
TIMEOUT = Answer(UNKNOWN, error="TIMEOUT")


def error_body(error_message: str) -> bytes:
    """The body that `refuses` sends."""
    return json.dumps({"request_id": "r", "error_message": error_message}).encode()


def app_at(url: str, *, return_image: int = 0) -> App:
    secrets = (SECRET.encode(), b"older secret")
    return App(
        app_id="demo",
        api_key="the-key",
        secrets=secrets,
        vendor_url=f"{url}/faceid/lite",
        return_image=return_image,
    )


@pytest.fixture
async def api() -> AsyncIterator[FaceidApi]:
    api = FaceidApi(create_transport(), timeout=timedelta(seconds=0.5))
    yield api
    await api.aclose()


ENDS: list[tuple[str, Ending, Answer]] = [
    ("200", OK, Answer(DONE, 200, body=b'{"status":"OK"}')),
    ("a page in its place", answers(200, b"<html>"), Answer(DONE, 200, UNREADABLE, b"<html>")),
    ("empty 200", answers(200, b""), Answer(DONE, 200, UNREADABLE, b"")),
    ("a list", answers(200, b"[]"), Answer(DONE, 200, UNREADABLE, b"[]")),
    ("an error in lower case, with 200", refuses(200, "no"), Answer(DONE, 200, UNREADABLE, error_body("no"))),
    *(
        (f"{word}, with 200", refuses(200, word), Answer(DONE, 200, word, error_body(word)))
        for word in ("CONCURRENCY_LIMIT_EXCEEDED", "INTERNAL_ERROR", "DATA_DESTROYED")
    ),
    ("an error that echoes the id", answers(200, ECHO), Answer(DONE, 200, "INTERNAL_ERROR", ECHO)),
    ("an error with a number", answers(200, NUMBERED), Answer(DONE, 200, "INTERNAL_ERROR", NUMBERED)),
    ("no error and no status", answers(200, BARE), Answer(DONE, 200, body=BARE)),
    ("a result with an empty error", answers(200, GOOD), Answer(DONE, 200, body=GOOD)),
    ("429", answers(429, b"Too Many Requests"), Answer(DONE, 429, "HTTP_429")),
    ("408", answers(408, b""), Answer(DONE, 408, "HTTP_408")),
    ("403 of a firewall", answers(403, b"<h1>"), Answer(DONE, 403, "HTTP_403")),
    ("not found", refuses(404, "RESULT_NOT_FOUND"), Answer(DONE, 404, "RESULT_NOT_FOUND")),
    ("wrong secret", refuses(403, "AUTHENTICATION_ERROR"), Answer(DONE, 403, "AUTHENTICATION_ERROR")),
    (
        "detail behind a colon",
        refuses(400, "BAD_ARGUMENTS: biz_id 1469,canary"),
        Answer(DONE, 400, "BAD_ARGUMENTS"),
    ),
    ("missing argument", refuses(400, "MISSING_ARGUMENTS: biz_id"), Answer(DONE, 400, "MISSING_ARGUMENTS")),
    ("lower-case words", refuses(400, "your name is canary"), Answer(DONE, 400, "HTTP_400")),
    ("a number", answers(400, b'{"error_message": 7}'), Answer(DONE, 400, "HTTP_400")),
    (
        "too many at once",
        refuses(403, "CONCURRENCY_LIMIT_EXCEEDED"),
        Answer(DONE, 403, "CONCURRENCY_LIMIT_EXCEEDED"),
    ),
    (
        "500 with a word",
        refuses(500, "INTERNAL_ERROR"),
        Answer(DONE, 500, "INTERNAL_ERROR"),
    ),
    ("502 in HTML", answers(502, b"<h1>Bad Gateway</h1>"), Answer(DONE, 502, "HTTP_502")),
    ("gzip", gzipped(b'{"status":"OK"}'), Answer(DONE, 200, "ENCODED_ANSWER")),
    ("redirect", answers(302, b"", location="/elsewhere"), Answer(DONE, 302, "HTTP_302")),
    ("204", answers(204, b""), Answer(DONE, 204, "HTTP_204")),
    ("more than 1 MiB", floods(MAX_ANSWER + 1), Answer(DONE, 200, "ANSWER_TOO_LARGE")),
    ("no answer", hangs, TIMEOUT),
    ("dripping head", sends(b"HTTP/1.1 200 OK\r\nx: ", *(b"y" for _ in range(50)), pause=0.05), TIMEOUT),
    ("dripping body", sends(CHUNKED, *(b"1\r\n \r\n" for _ in range(50)), pause=0.05), TIMEOUT),
    ("reset", resets, BROKEN),
    ("closed", closes, BROKEN),
    ("cut off in the head", sends(b"HTTP/1.1 200 OK\r\ncontent-le"), BROKEN),
    ("cut off in the body", sends(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), BROKEN),
    ("cut off in a chunk", sends(CHUNKED + b"5\r\n{"), BROKEN),
]


@pytest.mark.parametrize(("ending", "expected"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
async def test_each_end_of_a_call(
    api: FaceidApi, ending: Ending, expected: Answer, caplog: pytest.LogCaptureFixture, tight_logs: None
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    async with serving(ending) as vendor:
        answer = await api.get_result(app_at(vendor.url), biz_id())
    assert answer == expected
    assert len(vendor.requests) == 1, "exactly one call was spent"
    assert_no_secret(caplog, answer)


GARBAGE = {
    "no HTTP": b"hello\r\n\r\n",
    "bad status": b"HTTP/1.1 abc OK\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "bad chunk": CHUNKED + b"zz\r\n{}\r\n",
    "header without colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n{}",
    "endless header": b"HTTP/1.1 200 OK\r\nx: " + b"x" * 100_000 + b"\r\n\r\n{}",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000 + b"\r\n{}",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_an_unknown_end_at_worst(
    api: FaceidApi, garbage: bytes, caplog: pytest.LogCaptureFixture, tight_logs: None
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    async with serving(sends(garbage)) as vendor:
        answer = await api.get_result(app_at(vendor.url), biz_id())
    assert answer.state in {DONE, UNKNOWN}
    assert len(vendor.requests) == 1
    assert_no_secret(caplog, answer)


async def test_a_connection_that_was_never_made_is_not_spent(
    api: FaceidApi, free_port: int, caplog: pytest.LogCaptureFixture, tight_logs: None
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    answer = await api.get_result(app_at(f"http://127.0.0.1:{free_port}"), biz_id())
    assert answer == Answer(PullState.NOT_SENT, error="CONNECT_FAILED")
    assert_no_secret(caplog, answer)


async def test_a_connection_that_took_too_long_is_not_spent(
    api: FaceidApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_vain(*_args: object, **_named: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", in_vain)
    answer = await api.get_result(app_at("http://vendor"), biz_id())
    assert answer == Answer(PullState.NOT_SENT, error="CONNECT_FAILED")


async def test_a_name_that_does_not_resolve_is_not_spent(api: FaceidApi) -> None:
    answer = await api.get_result(app_at("http://nowhere.invalid"), biz_id())
    assert answer.state in {PullState.NOT_SENT, UNKNOWN}


@pytest.mark.parametrize("ending", [resets, closes], ids=["reset", "closed"])
async def test_a_kept_connection_that_breaks_is_no_second_call(api: FaceidApi, ending: Ending) -> None:
    # aiohttp would send the GET again by itself: the answer to the third request must never be seen.
    async with serving(OK, ending, OK) as vendor:
        app = app_at(vendor.url)
        assert (await api.get_result(app, biz_id(1))).state is DONE
        assert await api.get_result(app, biz_id(2)) == BROKEN
        assert vendor.connections == 1, "the connection was kept"
        assert len(vendor.requests) == 2
        assert (await api.get_result(app, biz_id(3))).state is DONE


async def test_a_redirect_is_not_followed(api: FaceidApi) -> None:
    async with serving(OK) as elsewhere, serving(answers(307, b"", location=elsewhere.url)) as vendor:
        answer = await api.get_result(app_at(vendor.url), biz_id())
    assert answer.error == "HTTP_307"
    assert elsewhere.requests == []


async def asked(api: FaceidApi, **knobs: int) -> VendorServer:
    async with serving(OK) as vendor:
        await api.get_result(app_at(vendor.url, **knobs), biz_id())
    return vendor


async def test_the_request_has_the_vendors_parameters(api: FaceidApi) -> None:
    vendor = await asked(api)
    [target] = vendor.targets
    assert target.startswith("/faceid/lite/get_result?")
    sent = parameters(target)
    assert sent | {"biz_id": unquote(sent["biz_id"])} == {
        "api_key": "the-key",
        "api_secret": SECRET,
        "biz_id": biz_id(),
    }
    head = vendor.requests[0].lower()
    assert "accept-encoding: identity\r\n" in head
    assert "cookie" not in head


async def test_the_comma_of_a_biz_id_is_encoded(api: FaceidApi) -> None:
    vendor = await asked(api)
    assert parameters(vendor.targets[0])["biz_id"] == biz_id().replace(",", "%2C")


async def test_images_are_asked_for_where_the_app_wants_them(api: FaceidApi) -> None:
    vendor = await asked(api, return_image=2)
    assert parameters(vendor.targets[0])["return_image"] == "2"


async def test_an_answer_with_images_may_be_larger(api: FaceidApi) -> None:
    async with serving(floods(MAX_ANSWER + 1)) as vendor:
        answer = await api.get_result(app_at(vendor.url, return_image=1), biz_id())
    assert answer.error == UNREADABLE, "it is read to its end, and no JSON"
    assert answer.body is not None
    assert len(answer.body) > MAX_ANSWER


async def test_no_cookie_is_kept(api: FaceidApi) -> None:
    async with serving(answers(200, b"{}", set_cookie="session=1")) as vendor:
        for _ in range(2):
            await api.get_result(app_at(vendor.url), biz_id())
    assert not any("session=1" in request for request in vendor.requests)


async def test_proxies_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port}")
    api = FaceidApi(create_transport(), timeout=timedelta(seconds=1))
    assert len((await asked(api)).requests) == 1
    await api.aclose()


def test_an_address_shows_nothing_of_itself_in_a_traceback() -> None:
    address = address_of(app_at("http://vendor"), biz_id())
    assert SECRET in str(address), "it is what is sent"
    assert SECRET not in f"{address!r} {[address]} {vars(address).keys()}"


@pytest.fixture
def tight_logs(restored_logs: None) -> None:
    """The logs of a role at its most talkative."""
    configure_logs("debug")


def assert_no_secret(caplog: pytest.LogCaptureFixture, answer: Answer) -> None:
    logged = [f"{record.msg} {record.args} {record.exc_text}" for record in caplog.records]
    for text in (*logged, caplog.text, repr(answer)):
        assert SECRET not in text
        assert "canary" not in text
