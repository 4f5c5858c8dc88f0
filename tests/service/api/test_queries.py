"""Wrong parameters are named and never echoed, and no query of a token's bearer makes a 5xx."""

import asyncio
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.model import Outcome, State
from domain.views.tokens import SCOPES, ApiToken
from service.api.main import create_app
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi, door_of
from tests.support.storage.stores import biz_id

CANARY = "canary0123456789"
URL = f"/v1/verifications/{biz_id()}"


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", f"limit={CANARY}", f"outcome={CANARY}", f"state={CANARY}", f"since={CANARY}",
     "since=2026-01-01T00:00:00"],
)  # fmt: skip
async def test_a_wrong_parameter_is_named_and_not_echoed(api: httpx2.AsyncClient, query: str) -> None:
    answer = await api.get(f"/v1/verifications?{query}")
    problem = assert_problem(answer, 422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == [f"query.{query.split('=', maxsplit=1)[0]}"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("wait", ["-1", "31", "nan", "inf", "-inf", CANARY, ""])
async def test_no_other_wait_than_up_to_30_seconds(api: httpx2.AsyncClient, wait: str) -> None:
    answer = await api.get(f"{URL}?wait={wait}")
    assert_problem(answer, 422, "invalid_request")
    assert CANARY not in answer.text


@pytest.mark.parametrize("cursor", ["x", "!!!", CANARY, "é", "AAAA", "kg", "", "gA" * 500])
async def test_a_strange_cursor_is_refused(api: httpx2.AsyncClient, cursor: str) -> None:
    for url in ("/v1/verifications", "/v1/dead-letters"):
        answer = await api.get(url, params={"cursor": cursor})
        assert_problem(answer, 400, "bad_cursor")
        assert CANARY not in answer.text


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"1" * 5000, b'{"biz_no": "\\ud800"}'])
@pytest.mark.parametrize("token", ["all-token", None])
async def test_an_unreadable_body_is_not_logged_as_a_bug(
    api: httpx2.AsyncClient, client_of: ClientOf, body: bytes, token: str | None
) -> None:
    headers = {"content-type": "application/json"}
    answer = await client_of(token).post("/v1/verifications", content=body, headers=headers)
    assert answer.status_code in {401, 422}, answer.text
    assert answer.json()["code"] in {"unauthenticated", "invalid_request"}


async def test_an_unknown_parameter_is_not_echoed(api: httpx2.AsyncClient) -> None:
    answer = await api.get(f"/v1/verifications?{CANARY}=1")
    assert_problem(answer, 422, "invalid_request")
    assert CANARY not in answer.text


EXTREMES = [
    "biz_no=%00",
    "since=0001-01-01T00:00:00%2B23:59",
    "since=0001-01-01T00:00:00Z",
    "since=9999-12-31T23:59:59-23:59",
    "until=9999-12-31T23:59:59-23:59",
]


@pytest.mark.parametrize("query", EXTREMES)
async def test_a_value_that_no_column_can_hold_is_not_logged_as_a_bug(
    api: httpx2.AsyncClient, query: str
) -> None:
    assert (await api.get(f"/v1/verifications?{query}")).status_code < 500
    assert (await api.get(f"/v1/audit?{query.replace('biz_no', 'actor')}")).status_code < 500


class AnyToken:
    """Takes every token, so that the fuzz meets what lies behind."""

    async def check(self, token: str) -> ApiToken:
        return ApiToken(token, None, list(SCOPES), None)


class Nothing:
    """A store without a row; notes nothing, finds nothing."""

    async def find(self, *_: object) -> list[object]:
        return []

    async def page(self, *_: object, **__: object) -> list[object]:
        return []

    async def open(self, *_: object) -> None:
        return None

    async def delete(self, *_: object, **__: object) -> bool:
        return False


words = st.text(max_size=30)
values = st.one_of(words, st.sampled_from([*Outcome, *State, "2026-01-01T00:00:00Z", "nan", "-0", "1e999"]))
names = st.sampled_from(["app_id", "biz_no", "outcome", "state", "since", "until", "limit", "cursor", "x"])
places = st.sampled_from(["v1", "verifications", "dead-letters", biz_id(), "retry"])
segments = st.lists(st.one_of(words, places), max_size=5)
known = st.sampled_from(
    ["/v1/verifications", URL, f"{URL}/timeline", "/v1/dead-letters", "/v1/dead-letters/1/retry"]
)


def joined(parts: list[str]) -> str:
    return "/" + "/".join(quote(part or "-", safe="") for part in parts)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "GET", "POST", "DELETE", "PUT", "HEAD"]),
    path=st.one_of(known, segments.map(joined)),
    query=st.lists(st.tuples(names, values), max_size=4),
    token=words,
    body=st.binary(max_size=50),
)
def test_no_request_causes_a_5xx(
    api_context: RealApi, method: str, path: str, query: list[tuple[str, str]], token: str, body: bytes
) -> None:
    door = door_of(AnyToken())
    context = RealApi(**(vars(api_context) | {"door": door, "lookups": Nothing(), "dead_letters": Nothing()}))

    async def scenario() -> httpx2.Response:
        transport = httpx2.ASGITransport(create_app(context))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api") as api:
            pairs = "&".join(f"{name}={quote(value)}" for name, value in query)
            headers = {b"authorization": b"Bearer " + token.encode("latin-1", "replace")}
            return await api.send(api.build_request(method, f"{path}?{pairs}", headers=headers, content=body))

    assert asyncio.run(scenario()).status_code < 500
