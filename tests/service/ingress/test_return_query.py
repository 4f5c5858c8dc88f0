"""A browser's bare return: whatever its query, the answer is a page, never by a 5xx."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from domain.model import AcceptedCallback
from service.ingress.acceptance import IngressContext
from service.ingress.main import create_app
from tests.support.http.return_hints import NotedReturnHints, throttled_hints


class _NoIntake:
    async def accept(self, callback: AcceptedCallback) -> None:
        raise AssertionError("a GET brings no callback")

    def can_accept(self) -> bool:
        raise AssertionError("a GET asks for no readiness")


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    context = IngressContext(
        apps={},
        intake=_NoIntake(),
        max_body_bytes=1000,
        clock=lambda: datetime.now(UTC),
        return_hints=throttled_hints(NotedReturnHints()),
    )
    transport = httpx2.ASGITransport(app=create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://ingress") as client:
        yield client


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("biz_id=1462259748,52b13fb5", 200, id="as the vendor sends it"),
        pytest.param("biz_id=1462259748%2C52b13fb5&a=b", 200, id="encoded, beside others"),
        pytest.param("", 400, id="nothing"),
        pytest.param("biz_id=", 400, id="empty"),
        pytest.param("biz_id=1462259748,52b13fb5&biz_id=1462259748,52b13fb6", 400, id="two"),
        pytest.param("biz_id=%ff%00", 400, id="raw bytes"),
        pytest.param("biz_id=../../etc/passwd", 400, id="path"),
        pytest.param("&".join(f"a{n}=1" for n in range(500)), 400, id="hundreds of parameters"),
    ],
)
async def test_the_query_of_a_return(browser: httpx2.AsyncClient, query: str, status: int) -> None:
    answer = await browser.get(f"/callbacks/any/return?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
