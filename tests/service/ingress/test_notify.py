"""The vendor's back end gets 200 for what is durable and, for every other case, the contract's error."""

import gzip
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from domain.callback.signature import sign_data
from domain.errors import NotDurable
from domain.model import AcceptedCallback, CallbackKind
from simulator.messages.length_extension import extend
from tests.service.conftest import FakeIntake, assert_problem
from tests.support.http.asgi import FORM, OLD_SECRET, SECRET, send, signed
from tests.support.payloads.callbacks import ID_NUMBER, NAME, dump
from tests.support.payloads.forms import signed_multipart
from tests.support.storage.stores import NOW, payload

URL = "/callbacks/demo/notify"
DATA = dump(payload())
SIGN = sign_data(DATA, SECRET).decode()
CANARY = "canary0123456789"


async def post(
    web: httpx2.AsyncClient, body: bytes, *, url: str = URL, content_type: str | None = FORM
) -> httpx2.Response:
    headers = {} if content_type is None else {"content-type": content_type}
    return await web.post(url, content=body, headers=headers)


async def test_a_signed_callback_is_accepted_as_it_came(web: httpx2.AsyncClient, intake: FakeIntake) -> None:
    answer = await post(web, signed(DATA))
    assert (answer.status_code, answer.content) == (200, b'{"status":"accepted"}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == "21"
    assert intake.accepted == [AcceptedCallback("demo", CallbackKind.NOTIFY, NOW, 0, DATA)]


async def test_a_duplicate_is_answered_the_same(web: httpx2.AsyncClient) -> None:
    first, second = await post(web, signed(DATA)), await post(web, signed(DATA))
    assert (first.status_code, first.content) == (second.status_code, second.content)


async def test_a_multipart_form_is_accepted(web: httpx2.AsyncClient, intake: FakeIntake) -> None:
    answer = await post(
        web,
        signed_multipart(DATA, SIGN.encode()),
        content_type="multipart/form-data; boundary=----7d9fFormEdge",
    )
    assert answer.status_code == 200
    assert intake.accepted[0].data == DATA


async def test_the_older_secret_still_counts_and_is_noted(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    assert (await post(web, signed(DATA, secret=OLD_SECRET))).status_code == 200
    assert intake.accepted[0].secret_index == 1


@pytest.mark.parametrize(
    "url",
    [f"{URL}/", f"{URL}//", f"/{URL}", "/callbacks//demo/notify", "//callbacks///demo//notify/", f"{URL}?"],
)
async def test_additional_slashes_are_accepted(web: httpx2.AsyncClient, intake: FakeIntake, url: str) -> None:
    answer = await post(web, signed(DATA), url=f"http://ingress{url}")
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert [each.app_id for each in intake.accepted] == ["demo"]


@pytest.mark.parametrize("url", [URL, f"{URL}/", f"/{URL}"])
async def test_another_method_is_refused_on_every_spelling(web: httpx2.AsyncClient, url: str) -> None:
    answer = await web.get(f"http://ingress{url}")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/healthz/", "//readyz"])
async def test_a_probe_may_add_slashes_too(web: httpx2.AsyncClient, path: str) -> None:
    assert (await web.get(f"http://ingress{path}")).status_code == 200


async def test_a_compressed_callback_is_refused_as_such(web: httpx2.AsyncClient, intake: FakeIntake) -> None:
    headers = {"content-type": FORM, "content-encoding": "gzip"}
    answer = await web.post(URL, content=gzip.compress(signed(DATA)), headers=headers)
    assert_problem(answer, 415, "unsupported_encoding")
    assert intake.accepted == []


async def test_an_app_with_sha256_takes_sha256_alone(web: httpx2.AsyncClient, intake: FakeIntake) -> None:
    url = "/callbacks/plus/notify"
    assert (await post(web, signed(DATA, hash_name="sha256"), url=url)).status_code == 200
    assert (await post(web, signed(DATA), url=url)).status_code == 401
    assert [each.app_id for each in intake.accepted] == ["plus"]


@pytest.mark.parametrize("data", [b"{}", b'{"a":1}', b' {"biz_info": 7} '])
async def test_any_strict_object_is_accepted_whatever_its_shape(web: httpx2.AsyncClient, data: bytes) -> None:
    assert (await post(web, signed(data))).status_code == 200


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


DUPLICATE_DATA = form(data=CANARY) + b"&" + signed(DATA)
WRONG: list[tuple[str, int, str, dict[str, Any]]] = [
    ("no field", 400, "missing_field", {"body": b""}),
    ("no data", 400, "missing_field", {"body": form(sign=CANARY)}),
    ("no sign", 400, "missing_field", {"body": form(data=CANARY)}),
    ("empty data", 400, "missing_field", {"body": form(data="", sign=CANARY)}),
    ("data twice", 400, "duplicate_field", {"body": DUPLICATE_DATA}),
    ("sign twice", 400, "duplicate_field", {"body": signed(DATA) + b"&" + form(sign=CANARY)}),
    ("broken escape", 400, "malformed_form", {"body": b"data=%G1" + CANARY.encode()}),
    (
        "many fields",
        400,
        "malformed_form",
        {"body": b"&".join(form(**{f"{CANARY}{n}": "x"}) for n in range(9))},
    ),
    (
        "multipart without boundary",
        400,
        "malformed_form",
        {"body": CANARY.encode(), "content_type": "multipart/form-data"},
    ),
    ("not JSON", 400, "malformed_payload", {"body": signed(CANARY.encode())}),
    ("a list", 400, "malformed_payload", {"body": signed(f'["{CANARY}"]'.encode())}),
    ("NaN", 400, "malformed_payload", {"body": signed(b'{"' + CANARY.encode() + b'": NaN}')}),
    ("a BOM", 400, "malformed_payload", {"body": signed(b"\xef\xbb\xbf" + DATA)}),
    ("two objects", 400, "malformed_payload", {"body": signed(DATA + DATA)}),
    (
        "deep and broken",
        400,
        "malformed_payload",
        {"body": signed(b'{"a":' + b"[" * 2000 + b"]" * 1999 + b"}")},
    ),
    ("no UTF-8", 400, "malformed_payload", {"body": signed(b'{"a":"\xff"}')}),
    ("wrong sign", 401, "bad_signature", {"body": form(data=DATA.decode(), sign="0" * 40)}),
    ("sign of another secret", 401, "bad_signature", {"body": signed(DATA, secret=CANARY.encode())}),
    ("upper-case sign", 401, "bad_signature", {"body": form(data=DATA.decode(), sign=SIGN.upper())}),
    ("padded sign", 401, "bad_signature", {"body": form(data=DATA.decode(), sign=SIGN + " ")}),
    ("strange sign", 401, "bad_signature", {"body": form(data=DATA.decode(), sign="é\0" + CANARY)}),
    ("unknown app", 401, "bad_signature", {"body": signed(DATA), "url": f"/callbacks/{CANARY}/notify"}),
    ("empty secret", 401, "bad_signature", {"body": signed(DATA, secret=b"")}),
    ("too large", 413, "body_too_large", {"body": signed(CANARY.encode() * 3000)}),
    ("JSON", 415, "unsupported_media_type", {"body": DATA, "content_type": "application/json"}),
    ("no content type", 415, "unsupported_media_type", {"body": DATA, "content_type": None}),
    ("strange content type", 415, "unsupported_media_type", {"body": b"x", "content_type": CANARY}),
    ("no such path", 404, "not_found", {"body": signed(DATA), "url": f"/callbacks/demo/{CANARY}"}),
    ("an empty app", 404, "not_found", {"body": signed(DATA), "url": "/callbacks//notify"}),
    ("a slash in the app", 404, "not_found", {"body": signed(DATA), "url": "/callbacks/a%2Fdemo/notify"}),
    ("dots", 404, "not_found", {"body": signed(DATA), "url": "/callbacks/demo/%2e/notify"}),
]


@pytest.mark.parametrize(
    ("status", "code", "request_"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
async def test_each_refusal_is_its_problem_and_echoes_nothing(
    web: httpx2.AsyncClient, intake: FakeIntake, status: int, code: str, request_: dict[str, Any]
) -> None:
    answer = await post(web, **request_)
    assert_problem(answer, status, code)
    everything = f"{answer.text} {answer.headers}"
    for word in (CANARY, NAME, ID_NUMBER, dump(NAME).decode()[1:-1], SIGN):
        assert word not in everything
    assert answer.headers["cache-control"] == "no-store"
    assert intake.accepted == []


@pytest.mark.parametrize("kind", ["notify", "return"])
@pytest.mark.parametrize(
    ("app_id", "named"), [("demo", "demo"), ("shop", "shop"), ("nobody", None), (CANARY, None), ("%00", None)]
)
async def test_a_refusal_names_the_app_in_the_log_if_it_is_ours(
    web: httpx2.AsyncClient, app_id: str, named: str | None, kind: str
) -> None:
    with capture_logs() as logged:
        await post(web, signed(DATA, secret=b"wrong"), url=f"/callbacks/{app_id}//{kind}/")
    told = {"event": "callback.refused", "code": "bad_signature", "kind": kind, "app_id": named}
    assert logged == [told | {"log_level": "warning"}]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
async def test_nothing_is_described_in_public(web: httpx2.AsyncClient, path: str) -> None:
    assert_problem(await web.get(path), 404, "not_found")


async def test_an_unknown_app_and_a_wrong_sign_are_indistinguishable(web: httpx2.AsyncClient) -> None:
    wrong = await post(web, signed(DATA, secret=b"wrong"))
    unknown = await post(web, signed(DATA), url="/callbacks/nobody/notify")
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert wrong.headers == unknown.headers


@pytest.mark.parametrize("suffix", [b"", b"}", b'{"status": "OK"}', b" ", b'&data={"a":1}'])
async def test_an_extended_body_is_refused_though_its_sign_is_valid(
    web: httpx2.AsyncClient, intake: FakeIntake, suffix: bytes
) -> None:
    extended = extend(DATA, SIGN.encode(), suffix, secret_length=len(SECRET))
    assert sign_data(extended.data, SECRET) == extended.sign, "the attack works on the sign"
    answer = await post(web, urlencode({"data": extended.data, "sign": extended.sign}).encode())
    assert_problem(answer, 400, "malformed_payload")
    assert intake.accepted == []


async def test_another_apps_pair_is_refused(web: httpx2.AsyncClient) -> None:
    pair = signed(DATA, secret=OLD_SECRET)
    assert_problem(await post(web, pair, url="/callbacks/shop/notify"), 401, "bad_signature")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused(ingress: FastAPI, method: str) -> None:
    reply = await send(ingress, URL, method=method)
    assert reply.status == 405
    assert reply.headers["allow"] == "POST"
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "method_not_allowed"


async def test_a_callback_that_cannot_be_stored_is_not_acknowledged(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    intake.error = NotDurable(CANARY)
    answer = await post(web, signed(DATA))
    assert_problem(answer, 503, "not_durable")
    assert int(answer.headers["retry-after"]) > 0
    assert CANARY not in answer.text


async def test_healthz_answers(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_query_does_not_shadow_the_form(web: httpx2.AsyncClient, intake: FakeIntake) -> None:
    url = f"{URL}?data=%7B%7D&sign={SIGN}"
    assert_problem(await post(web, b"", url=url), 400, "missing_field")
    assert (await post(web, signed(DATA), url=url)).status_code == 200
    assert intake.accepted[0].data == DATA


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "punycode", "nonsense", "\x00"])
async def test_the_charset_parameter_changes_nothing(
    web: httpx2.AsyncClient, intake: FakeIntake, charset: str
) -> None:
    answer = await post(web, signed(DATA), content_type=f"{FORM}; charset={charset}")
    assert answer.status_code == 200
    assert intake.accepted[0].data == DATA
