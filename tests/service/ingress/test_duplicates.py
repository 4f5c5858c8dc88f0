"""A callback that is durable already is answered without another write, and none before it is durable."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from domain.callback.form import SignedForm
from domain.errors import NotDurable
from domain.model import AcceptedCallback, CallbackKind
from service.ingress.duplicates import Duplicates, mark_of
from service.ingress.main import create_app
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import FORM, OLD_SECRET, SECRET, signed
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import NOW, payload

CALLBACK = AcceptedCallback("demo", CallbackKind.NOTIFY, NOW, 0, b"{}")
NOTIFY = "/callbacks/demo/notify"
RETURN = "/callbacks/demo/return"


class Writes:
    """Counts the writes, which last until they are let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def keep(self, _callback: AcceptedCallback) -> None:
        self.begun += 1
        await self.go_on.wait()
        if self.error is not None:
            raise self.error


async def begin(count: int, what: Callable[[], Awaitable[None]]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.ensure_future(what()) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


@pytest.fixture
def writes() -> Writes:
    return Writes()


async def test_duplicates_wait_for_one_write_and_durable_ones_are_not_written_again(writes: Writes) -> None:
    duplicates = Duplicates()
    tasks = await begin(50, lambda: duplicates.once(b"a", CALLBACK, writes.keep))
    assert (writes.begun, [task.done() for task in tasks]) == (1, [False] * 50), "none before it is durable"
    writes.go_on.set()
    await asyncio.gather(*tasks)
    await duplicates.once(b"a", CALLBACK, writes.keep)
    assert writes.begun == 1
    await duplicates.once(b"b", CALLBACK, writes.keep)
    assert writes.begun == 2


async def test_a_failed_write_fails_its_duplicates_and_can_be_retried(writes: Writes) -> None:
    duplicates = Duplicates()
    writes.error = NotDurable("full")
    tasks = await begin(3, lambda: duplicates.once(b"a", CALLBACK, writes.keep))
    writes.go_on.set()
    failed = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in failed] == [NotDurable] * 3
    writes.error = None
    await duplicates.once(b"a", CALLBACK, writes.keep)
    assert writes.begun == 2


async def test_a_cancelled_first_write_does_not_decide_for_its_duplicates(writes: Writes) -> None:
    duplicates = Duplicates()
    first, second, third = await begin(3, lambda: duplicates.once(b"a", CALLBACK, writes.keep))
    second.cancel()
    first.cancel()
    ended = await asyncio.gather(first, second, third, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError, asyncio.CancelledError, NotDurable]


async def test_memory_is_bounded_by_number(writes: Writes) -> None:
    writes.go_on.set()
    duplicates = Duplicates(remembered=100)
    for number in range(1000):
        await duplicates.once(b"%d" % number, CALLBACK, writes.keep)
        assert len(duplicates) <= 200
    await duplicates.once(b"999", CALLBACK, writes.keep)
    assert writes.begun == 1000
    await duplicates.once(b"0", CALLBACK, writes.keep)
    assert writes.begun == 1001


@pytest.mark.parametrize(
    ("seconds", "written"), [([59], 1), ([61], 1), ([61, 119], 1), ([61, 122], 2), ([121], 2), ([500], 2)]
)
async def test_memory_is_bounded_by_time(writes: Writes, seconds: list[float], written: int) -> None:
    writes.go_on.set()
    now = [0.0]
    duplicates = Duplicates(seconds=60, monotonic=lambda: now[0])
    for now[0] in [0.0, *seconds]:
        await duplicates.once(b"a", CALLBACK, writes.keep)
    assert writes.begun == written


FORM_OF = SignedForm(b'{"a": 1}', b"0" * 40)


@pytest.mark.parametrize(
    "other",
    [
        mark_of("twin", CallbackKind.NOTIFY, FORM_OF),
        mark_of("demo", CallbackKind.RETURN, FORM_OF),
        mark_of("demo", CallbackKind.NOTIFY, SignedForm(b'{"a": 1}', b"1" * 40)),
    ],
    ids=["app", "kind", "sign"],
)
def test_a_mark_is_of_one_callback_alone(other: bytes) -> None:
    assert mark_of("demo", CallbackKind.NOTIFY, FORM_OF) != other


async def test_a_replayed_pair_is_answered_the_same_and_written_once(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    data = dump(payload())
    answers = [
        await web.post(url, content=signed(data, secret=secret), headers={"content-type": FORM})
        for url in (NOTIFY, f"{NOTIFY}/", RETURN)
        for secret in (SECRET, SECRET, OLD_SECRET)
    ]
    assert {answer.content for answer in answers[:6]} == {b'{"status":"accepted"}'}
    assert {answer.status_code for answer in answers} == {200}
    written = [(each.kind, each.secret_index) for each in intake.accepted]
    assert written == [(kind, secret) for kind in CallbackKind for secret in (0, 1)]


async def test_a_refused_one_is_tried_again_by_its_sender(intake: FakeIntake) -> None:
    app = create_app(ingress_context(intake))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://ingress") as web:
        intake.error = NotDurable("full")
        sent = {"content": signed(b"{}"), "headers": {"content-type": FORM}}
        assert (await web.post(NOTIFY, **sent)).status_code == 503  # type: ignore[arg-type]
        intake.error = None
        assert (await web.post(NOTIFY, **sent)).status_code == 200  # type: ignore[arg-type]
    assert [type(each) for each in intake.accepted] == [AcceptedCallback]
