"""One table from codes to answers; and nothing that a client sends makes a 5xx."""

import asyncio
import re
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from domain.errors import RefusedCallback
from service.ingress.acceptance import IngressContext
from service.ingress.main import create_app
from service.problems.problems import PROBLEMS, refusal
from tests.service.conftest import APPS, MAX_BODY, FakeIntake
from tests.support.http.asgi import FORM, SECRET, signed
from tests.support.http.return_hints import NotedReturnHints, throttled_hints
from tests.support.payloads.callbacks import dump, mutated
from tests.support.payloads.forms import signed_multipart
from tests.support.storage.stores import NOW, biz_id, payload

CONTRACT = {
    "malformed_form": 400,
    "missing_field": 400,
    "duplicate_field": 400,
    "malformed_payload": 400,
    "bad_signature": 401,
    "method_not_allowed": 405,
    "not_found": 404,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "not_durable": 503,
}
"""The error table of the contract."""


def test_the_contracts_codes_have_the_contracts_status() -> None:
    assert {code: PROBLEMS[code].status for code in CONTRACT} == CONTRACT


def test_every_refusal_of_the_domain_is_in_the_table() -> None:
    assert {error.code for error in RefusedCallback.__subclasses__()} <= set(PROBLEMS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_has_its_headers(code: str) -> None:
    answer = refusal(code)
    status = PROBLEMS[code].status
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_no_code_is_written_that_the_table_lacks() -> None:
    sources = [path.read_text() for path in (Path(__file__).parents[3] / "service").rglob("*.py")]
    used = re.findall(r'(?:ApiProblem|refusal)\("([a-z_]+)"\)', "\n".join(sources))
    assert used
    assert set(used) <= set(PROBLEMS)


BODIES = [
    signed(dump(payload())),
    signed(b"{}"),
    signed(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"),
    signed_multipart(dump(payload())),
    b"data=%7B%7D&sign=" + b"0" * 40,
]
PIECES = [b"&", b"=", b"%", b"%00", b"data=", b"sign=", b";", b"\r\n", b"\xff", b"--", b"\0", b"{", b'"']
media_types = st.sampled_from(
    [FORM, FORM.upper(), f"{FORM}; charset=punycode", "multipart/form-data; boundary=----7d9fFormEdge",
     "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 200, "application/json", ""]
)  # fmt: skip
latin = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
headers = st.dictionaries(
    st.sampled_from(
        ["accept-language", "content-length", "content-encoding", "expect", "origin", "cookie", "x"]
    ),
    latin,
    max_size=3,
)
paths = st.one_of(
    st.sampled_from(
        ["/callbacks/demo/notify", "/callbacks/shop/return", "/callbacks/nobody/notify", "/callbacks//notify",
         "/", "/openapi.json", "/docs", "/healthz", "/callbacks/demo/notify/", "/callbacks/%2e%2e/return"]
    ),
    st.text(max_size=20).map(lambda text: "/callbacks/" + quote(text, safe="") + "/return"),
    st.text(max_size=30).map(lambda text: "/" + quote(text, errors="replace")),
)  # fmt: skip
queries = st.one_of(
    st.just(""),
    st.just(f"biz_id={biz_id()}"),
    latin.map(quote),
    st.integers(0, 200).map(lambda n: "a=1&" * n),
)
methods = st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"])


@settings(max_examples=400, deadline=None)
@given(
    method=methods,
    path=paths,
    query=queries,
    more=headers,
    content_type=media_types,
    body=st.one_of(st.binary(max_size=300), mutated(BODIES, PIECES)),
)
def test_no_client_input_causes_a_5xx(
    method: str, path: str, query: str, more: dict[str, str], content_type: str, body: bytes
) -> None:
    async def scenario() -> httpx2.Response:
        context = IngressContext(
            apps=APPS,
            intake=FakeIntake(),
            max_body_bytes=MAX_BODY,
            clock=lambda: NOW,
            return_hints=throttled_hints(NotedReturnHints()),
        )
        sent = {name.encode(): value.encode("latin-1") for name, value in more.items()}
        sent[b"content-type"] = content_type.encode()
        transport = httpx2.ASGITransport(create_app(context))
        async with httpx2.AsyncClient(transport=transport, base_url="http://ingress") as web:
            request = web.build_request(method, f"{path}?{query}", headers=sent, content=body)
            return await web.send(request)

    with capture_logs() as logged:
        answer = asyncio.run(scenario())
    assert answer.status_code < 500
    assert not [line for line in logged if line["log_level"] in {"error", "critical"}]
    if len(body) > 20 and answer.headers.get("content-type") != "application/json":
        assert body not in answer.content
    assert SECRET not in answer.content
