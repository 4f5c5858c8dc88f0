"""`listen` forwards each event once, signed as a webhook, and survives interruptions of the stream."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from standardwebhooks import Webhook

from adapters.tasks.background import end_tasks
from cli.commands.webhooks.listen import forward_all
from cli.connection import event_stream
from cli.connection.event_stream import StreamRefused, Wanted, follow
from cli.connection.whereabouts import ApiPlace
from devstack.waiting import until
from tests.cli.conftest import CANARY, Run
from tests.support.servers.vendor import Ending, VendorServer, answers, closes, hangs, sends, serving

ALL = Wanted()
SECRET = "whsec_" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def event(seq: int, **changes: Any) -> dict[str, Any]:
    shown = {"seq": seq, "id": f"e{seq}", "type": "verification.approved", "at": "2026-11-28T18:40:00.000Z"}
    return shown | {"app_id": "demo", "biz_id": "1,a", "n": seq} | changes


def streams(*events: dict[str, Any]) -> Ending:
    """A stream that ends after these events, as at a restart of the api."""
    frames = [
        f"id: {each['seq']}\nevent: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events
    ]
    return sends(HEAD + b": ping\n\n", *frames)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_PAUSE", 0)


async def taken(api: VendorServer, count: int, wanted: Wanted = ALL) -> list[int]:
    found: list[int] = []
    async for each in follow(ApiPlace(api.url, CANARY), wanted):
        found.append(each["seq"])
        if len(found) == count:
            break
    return found


async def test_the_stream_goes_on_behind_the_last_event() -> None:
    endings = (streams(event(3)), closes, answers(503), streams(event(4), event(5)))
    async with serving(*endings) as api:
        assert await taken(api, 3) == [3, 4, 5]
    assert api.targets == ["/v1/events/stream", *["/v1/events/stream?after=3"] * 3]
    assert f"authorization: Bearer {CANARY}" in api.requests[0]


async def test_the_stream_goes_on_from_its_position_though_no_event_came() -> None:
    quiet = sends(HEAD + b"id: 7\n\n")
    async with serving(quiet, streams(event(8))) as api:
        assert await taken(api, 1) == [8]
    assert api.targets == ["/v1/events/stream", "/v1/events/stream?after=7"]


async def test_types_app_and_position_are_asked_for() -> None:
    async with serving(streams(event(8))) as api:
        await taken(api, 1, Wanted(("verification.*", "endpoint.disabled"), "demo", 7))
    [target] = api.targets
    assert parse_qsl(urlsplit(target).query) == [
        ("type", "verification.*"),
        ("type", "endpoint.disabled"),
        ("app_id", "demo"),
        ("after", "7"),
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answers(401, b'{"code": "unauthenticated"}'), "401 unauthenticated"),
        (answers(410, b'{"code": "cursor_expired"}'), "410 cursor_expired"),
        (answers(404, b"<html>"), "404 no api of the gateway"),
    ],
)
async def test_a_refused_stream_is_one_line(answer: Ending, said: str) -> None:
    async with serving(answer) as api:
        with pytest.raises(StreamRefused, match=said) as caught:
            await taken(api, 1)
    assert CANARY not in str(caught.value)


async def test_every_event_is_forwarded_once_and_signed() -> None:
    lines: list[str] = []
    policy = event(2, type="policy.activated", biz_id=None, n=None)

    async def shown() -> bool:
        return len(lines) == 2

    async with (
        serving(streams(event(1)), streams(policy), hangs) as api,
        serving(answers(204, b""), answers(500)) as mine,
    ):
        forwarding = asyncio.create_task(
            forward_all(
                ApiPlace(api.url, "t"), Wanted(), to=f"{mine.url}/hook", secret=SECRET, show=lines.append
            )
        )
        await until(shown)
        await end_tasks(forwarding)
    assert mine.targets == ["/hook", "/hook"]
    for request, body, sent in zip(mine.requests, mine.bodies, (event(1), policy), strict=True):
        headers = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if line)
        verified = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        assert verified == sent
        assert headers["webhook-id"] == sent["id"]
    assert lines[0].startswith("2026-11-28T18:40:00.000Z verification.approved biz_id=1,a n=1 → 204 in ")
    assert lines[1].startswith("2026-11-28T18:40:00.000Z policy.activated → 500 in ")


async def test_a_program_that_does_not_run_is_shown() -> None:
    lines: list[str] = []

    async def shown() -> bool:
        return bool(lines)

    async with serving(streams(event(1)), hangs) as api:
        place = ApiPlace(api.url, "t")
        forwarding = asyncio.create_task(
            forward_all(place, Wanted(), to="http://127.0.0.1:9", secret=SECRET, show=lines.append)
        )
        await until(shown)
        await end_tasks(forwarding)
    assert lines[0].endswith("→ no answer (ConnectError)")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--forward", "localhost:3000"), 2, "not a URL like"),
        ((), 2, "--forward"),
        (("--forward", "http://localhost:3000"), 1, "no `dev` runs"),
        (("--forward", "http://localhost:3000", "--url", "http://h"), 1, "--url and --token belong together"),
        (
            ("--forward", "http://localhost:3000", "--url", "http://h", "--token", "env:NOWHERE"),
            1,
            "--token: the environment variable NOWHERE is not set",
        ),
    ],
)
def test_what_cannot_be_listened_to_is_named(run: Run, argv: tuple[str, ...], code: int, said: str) -> None:
    ended, _, err = run("listen", *argv)
    assert ended == code
    assert said in " ".join(err.split())


def test_the_place_of_the_api_does_not_show_its_token() -> None:
    assert repr(ApiPlace("http://h", CANARY)) == "ApiPlace(url='http://h')"
