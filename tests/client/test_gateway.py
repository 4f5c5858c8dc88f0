"""Both clients: typed answers, named errors, and repetition only of what is safe, within a deadline."""

import asyncio
import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import faceid_gateway_client.aio
import faceid_gateway_client.gateway
import httpx2
import pytest
from faceid_gateway_client import ApiError, AsyncGateway, CursorExpired, Event, Gateway, NotFound, Review
from faceid_gateway_client.scenarios import WebhookFactory

from service.api.models.verifications import EXAMPLE

ORDER = {
    "app_id": "demo",
    "biz_id": "1,a",
    "biz_no": "o-1",
    "token": "t",
    "url": "https://api.megvii.com/faceid/lite/do?token=t",
    "expires_at": "2026-11-28T12:00:00.000Z",
}
Answer = httpx2.Response | Exception
Method = Callable[..., Any]


class Server:
    """Gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = answers
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        # A fresh one: a response can be read by one kind of client.
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Blocking:
    """The blocking client."""

    def __init__(self, server: Server, **options: Any) -> None:
        self._gateway = Gateway("http://api", "fgt_x", transport=httpx2.MockTransport(server), **options)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._gateway, name)(*args, **kwargs)

    def take(self, count: int, *args: Any, **kwargs: Any) -> list[Event]:
        return list(islice(self._gateway.events(*args, **kwargs), count))


class Asynchronous:
    """The client for asyncio."""

    def __init__(self, server: Server, **options: Any) -> None:
        self._gateway = AsyncGateway("http://api", "fgt_x", transport=httpx2.MockTransport(server), **options)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return asyncio.run(getattr(self._gateway, name)(*args, **kwargs))

    def take(self, count: int, *args: Any, **kwargs: Any) -> list[Event]:
        async def taking() -> list[Event]:
            taken: list[Event] = []
            async for event in self._gateway.events(*args, **kwargs):
                taken.append(event)
                if len(taken) == count:
                    break
            return taken

        return asyncio.run(taking())


Client = Blocking | Asynchronous


@pytest.fixture(params=[Blocking, Asynchronous])
def client(request: pytest.FixtureRequest) -> Callable[..., Client]:
    kind: Callable[..., Client] = request.param
    return kind


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(faceid_gateway_client.gateway, "sleep", taken.append)
    monkeypatch.setattr(faceid_gateway_client.aio, "sleep", sleep)
    return taken


def found(**changes: Any) -> httpx2.Response:
    return httpx2.Response(200, json=EXAMPLE | changes)


def problem(status: int, code: str, **headers: str) -> httpx2.Response:
    body = {"type": "about:blank", "title": "t", "status": status, "code": code, "detail": "d"}
    return httpx2.Response(status, json=body, headers=headers)


def test_a_lookup_is_typed(client: Callable[..., Client]) -> None:
    server = Server(found())
    verification = client(server).call("get", "1,a", app_id="demo", wait=5)
    assert (verification.outcome, verification.is_approved, verification.is_final) == (
        "rejected",
        False,
        True,
    )
    assert verification.reasons[0].code == "attack.synthetic_face"
    assert str(server.requests[0].url) == "http://api/v1/verifications/1%2Ca?app_id=demo&wait=5"
    assert server.requests[0].headers["authorization"] == "Bearer fgt_x"


def test_the_effective_outcome_counts(client: Callable[..., Client]) -> None:
    waiting = found(outcome="review", effective_outcome="review", decided_by="policy")
    server = Server(waiting, found(outcome="review", effective_outcome="approved", decided_by="person"))
    before, after = (client(server).call("get", "1,a") for _ in range(2))
    assert (before.is_approved, before.awaits_person, before.decided_by) == (False, True, "policy")
    assert (after.is_approved, after.awaits_person, after.decided_by) == (True, False, "person")
    assert after.review == Review("7c9e6679-7425-40de-944b-e07fc1f90ae7", "open")


def test_an_order_is_typed(client: Callable[..., Client]) -> None:
    server = Server(httpx2.Response(201, json=ORDER))
    order = client(server).call("order", "o-1", web_title="实名认证")
    assert order.url.endswith("token=t")
    assert json.loads(server.requests[0].content) == {"biz_no": "o-1", "web_title": "实名认证"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(404, "not_found"), NotFound),
        (problem(410, "cursor_expired"), CursorExpired),
        (problem(403, "missing_scope"), ApiError),
        (httpx2.Response(500, text="<html>"), ApiError),
    ],
)
def test_a_problem_is_a_named_error(
    answer: httpx2.Response, kind: type[ApiError], client: Callable[..., Client]
) -> None:
    server = Server(answer)
    with pytest.raises(ApiError) as caught:
        client(server).call("get", "1,a")
    assert type(caught.value) is kind
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        problem(503, "unavailable"),
        problem(429, "too_many_requests"),
        httpx2.Response(502),
        httpx2.ConnectError("x"),
        httpx2.ReadTimeout("x"),
        httpx2.RemoteProtocolError("x"),
    ],
)
def test_a_lookup_is_repeated(failure: Answer, client: Callable[..., Client]) -> None:
    server = Server(failure, failure, found())
    assert client(server).call("get", "1,a").state == "decided"
    assert len(server.requests) == 3


@pytest.mark.parametrize("failure", [httpx2.ConnectError("x"), problem(429, "too_many_requests")])
def test_an_order_that_was_not_processed_is_repeated(failure: Answer, client: Callable[..., Client]) -> None:
    server = Server(failure, httpx2.Response(201, json=ORDER))
    assert client(server).call("order", "o-1").biz_id == "1,a"


@pytest.mark.parametrize(
    "failure", [httpx2.ReadTimeout("x"), httpx2.ReadError("x"), problem(503, "unavailable")]
)
def test_an_order_that_may_have_been_processed_is_not_repeated(
    failure: Answer, client: Callable[..., Client]
) -> None:
    server = Server(failure)
    with pytest.raises((httpx2.TransportError, ApiError)):
        client(server).call("order", "o-1")
    assert len(server.requests) == 1


def test_the_gateways_wish_is_granted(client: Callable[..., Client], pauses: list[float]) -> None:
    server = Server(problem(429, "too_many_requests", **{"retry-after": "3"}), found())
    client(server).call("get", "1,a")
    assert pauses[0] == 3


def test_repetition_ends_with_the_deadline(client: Callable[..., Client], pauses: list[float]) -> None:
    server = Server(problem(429, "too_many_requests", **{"retry-after": "60"}))
    with pytest.raises(ApiError, match="too_many_requests"):
        client(server, timeout=10).call("get", "1,a")
    assert pauses == []


# Events


def event(seq: int) -> dict[str, Any]:
    return dict(WebhookFactory().event("verification.approved", seq=seq).event)


def page(*seqs: int, following: int | None = None) -> httpx2.Response:
    items = [event(seq) for seq in seqs]
    return httpx2.Response(200, json={"items": items, "next": following or max(seqs, default=0)})


def stream(*seqs: int) -> httpx2.Response:
    messages = [
        f"id: {seq}\nevent: verification.approved\ndata: {json.dumps(event(seq))}\n\n" for seq in seqs
    ]
    text = ": ping\n\n".join(messages)
    return httpx2.Response(200, text=text, headers={"content-type": "text/event-stream; charset=utf-8"})


def seqs(events: list[Event]) -> list[int]:
    return [each.seq for each in events]


def test_pages_are_read_to_the_end(client: Callable[..., Client]) -> None:
    server = Server(page(3, 5), page(9), page())
    assert seqs(client(server).take(9, 2, follow=False, types=["verification.*"])) == [3, 5, 9]
    assert [request.url.params["after"] for request in server.requests] == ["2", "5", "9"]
    assert server.requests[0].url.params["type"] == "verification.*"


def test_a_stream_that_breaks_is_resumed_without_gap_or_repetition(client: Callable[..., Client]) -> None:
    server = Server(stream(3, 5), httpx2.ReadError("x"), problem(503, "unavailable"), stream(5, 6))
    assert seqs(client(server).take(3)) == [3, 5, 6]
    assert [request.url.params["after"] for request in server.requests] == ["0", "5", "5", "5"]


def test_a_stream_goes_on_from_its_position_though_no_event_came(client: Callable[..., Client]) -> None:
    quiet = httpx2.Response(200, text="id: 0\n\nid: 90\n\n", headers={"content-type": "text/event-stream"})
    server = Server(quiet, stream(91))
    assert seqs(client(server).take(1)) == [91]
    assert [request.url.params["after"] for request in server.requests] == ["0", "90"]


@pytest.mark.parametrize("answer", [httpx2.Response(404), httpx2.Response(200, text="<html>")])
def test_where_no_stream_gets_through_pages_are_read(
    answer: httpx2.Response, client: Callable[..., Client]
) -> None:
    server = Server(answer, page(4), page(7))
    assert seqs(client(server).take(2)) == [4, 7]
    assert [request.url.path for request in server.requests] == [
        "/v1/events/stream",
        "/v1/events",
        "/v1/events",
    ]
    assert server.requests[1].url.params["wait"] == "30"


def test_a_failure_that_outlasts_the_deadline_ends_no_following(
    client: Callable[..., Client], pauses: list[float]
) -> None:
    busy = problem(429, "too_many_requests", **{"retry-after": "99"})
    server = Server(httpx2.Response(404), busy, busy, page(4))
    assert seqs(client(server).take(1)) == [4]
    # One behind each answer that came when the time was over.
    assert pauses == [0.2, 0.4]


def test_an_expired_cursor_ends_the_following(client: Callable[..., Client]) -> None:
    with pytest.raises(CursorExpired):
        client(Server(problem(410, "cursor_expired"))).take(1)
