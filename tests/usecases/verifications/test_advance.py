"""Every answer of the vendor, under every confirmation mode, ends in the decision or the pause it must."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.redis.names import DEFAULT_NAMES
from domain.model import ConfirmationMode
from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from tests.support.payloads.callbacks import put
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.stores import Json, callback, payload
from tests.support.workers.jobs import NOT_SENT, TIMED_OUT, Jobs, answered, app, refused
from usecases.verifications.advance import advance, advance_safely

REQUIRED, PREFERRED, OFF = ConfirmationMode.REQUIRED, ConfirmationMode.PREFERRED, ConfirmationMode.OFF
UNAVAILABLE = "confirmation.unavailable"

PASS = payload()
FAIL = put(payload(), "verify_result.result_faceid.confidence", 41.2)
FAILING = ["face.below_threshold"]
CANCELLED: Json = {"status": "CANCELLED", "biz_info": payload()["biz_info"]}

DESTROYED = refused(403, "DATA_DESTROYED")
GONE = Answer(PullState.DONE, 200, "DATA_DESTROYED", b'{"error_message": "DATA_DESTROYED"}')

Row = tuple[str, Json, Answer, ConfirmationMode, tuple[str, list[str], str]]
DECIDED: list[Row] = [
    ("both pass", PASS, answered(PASS), REQUIRED, ("approved", [], "confirmed")),
    ("both pass", PASS, answered(PASS), PREFERRED, ("approved", [], "confirmed")),
    ("both pass", PASS, answered(PASS), OFF, ("approved", [], "callback")),
    ("both fail", FAIL, answered(FAIL), REQUIRED, ("rejected", FAILING, "confirmed")),
    ("both fail", FAIL, answered(FAIL), OFF, ("rejected", FAILING, "callback")),
    (
        "the result denies",
        PASS,
        answered(FAIL),
        REQUIRED,
        ("review", ["confirmation.disagrees", *FAILING], "result"),
    ),
    (
        "the result denies",
        PASS,
        answered(FAIL),
        PREFERRED,
        ("review", ["confirmation.disagrees", *FAILING], "result"),
    ),
    (
        "the result is better",
        FAIL,
        answered(PASS),
        REQUIRED,
        ("review", ["confirmation.disagrees"], "result"),
    ),
    ("destroyed", PASS, DESTROYED, REQUIRED, ("review", [UNAVAILABLE], "callback")),
    ("destroyed", PASS, DESTROYED, PREFERRED, ("approved", [], "callback")),
    ("destroyed", FAIL, DESTROYED, REQUIRED, ("review", [*FAILING, UNAVAILABLE], "callback")),
    ("destroyed, with 200", PASS, GONE, REQUIRED, ("review", [UNAVAILABLE], "callback")),
    (
        "another order",
        PASS,
        answered(payload(biz_no="order-2")),
        REQUIRED,
        ("review", ["confirmation.disagrees", "registration.biz_no_mismatch"], "result"),
    ),
    ("no order", PASS, answered(payload(biz_no="")), REQUIRED, ("approved", [], "confirmed")),
    ("cancelled", CANCELLED, answered(CANCELLED), REQUIRED, ("incomplete", ["flow.cancelled"], "confirmed")),
    (
        "cancelled, lost",
        CANCELLED,
        refused(404, "RESULT_NOT_FOUND"),
        REQUIRED,
        ("incomplete", ["flow.cancelled", UNAVAILABLE], "callback"),
    ),
]


@pytest.mark.parametrize(
    ("said", "answer", "mode", "expected"),
    [row[1:] for row in DECIDED],
    ids=[f"{row[0]}, {row[3]}" for row in DECIDED],
)
async def test_what_ends_in_a_decision(
    jobs: Jobs, said: Json, answer: Answer, mode: ConfirmationMode, expected: tuple[str, list[str], str]
) -> None:
    jobs.configure(app(confirmation=mode))
    jobs.vendor.answers = [answer]
    await advance(jobs.context, await jobs.case(said))
    record = await jobs.store.find()
    assert record is not None
    codes = [reason["code"] for reason in record.reasons]
    assert (record.outcome, codes, record.basis) == expected
    assert await jobs.due() is None
    calls = 0 if mode is OFF else 1
    assert len(jobs.vendor.asked) == len(await jobs.ledger()) == calls


@pytest.mark.parametrize("mode", [REQUIRED, PREFERRED])
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (TIMED_OUT, "unknown"),
        (NOT_SENT, "not_sent"),
        (refused(500, "HTTP_500"), "done"),
        (refused(403, "CONCURRENCY_LIMIT_EXCEEDED"), "done"),
        (refused(200, "CONCURRENCY_LIMIT_EXCEEDED"), "done"),
        (refused(200, "INTERNAL_ERROR"), "done"),
        (refused(200, "A_WORD_OF_TOMORROW"), "done"),
        (refused(200, "UNREADABLE_ANSWER"), "done"),
        (refused(200, "ANSWER_TOO_LARGE"), "done"),
        (refused(200, "ENCODED_ANSWER"), "done"),
        (refused(429, "HTTP_429"), "done"),
        (refused(408, "HTTP_408"), "done"),
        (refused(403, "HTTP_403"), "done"),
        (refused(302, "HTTP_302"), "done"),
        (refused(204, "HTTP_204"), "done"),
        (refused(404, "HTTP_404"), "done"),
        (refused(403, "AUTHENTICATION_ERROR"), "done"),
        (refused(403, "AUTHORIZATION_ERROR"), "done"),
        (refused(404, "RESULT_NOT_FOUND"), "done"),
        (refused(400, "BAD_ARGUMENTS"), "done"),
        (answered(b"<html>"), "done"),
        (answered(b""), "done"),
        (answered(b'{"status":"OK"}'), "done"),
        (answered(payload(2)), "done"),
        (answered(payload(status="PROCESSING")), "done"),
    ],
    ids=str,
)
async def test_an_answer_that_may_change_is_postponed(
    jobs: Jobs, answer: Answer, state: str, mode: ConfirmationMode
) -> None:
    jobs.configure(app(confirmation=mode))
    jobs.vendor.answers = [answer]
    await advance(jobs.context, await jobs.case())
    assert await jobs.outcome() == ("received", None, [])
    assert await jobs.ledger() == [(1, state, answer.error)]
    assert await jobs.due() == timedelta(seconds=90)


@pytest.mark.parametrize("status", ["", "WHATEVER"], ids=["no status", "unknown status"])
async def test_a_flow_that_may_not_have_ended_is_never_asked_about(jobs: Jobs, status: str) -> None:
    await advance(jobs.context, await jobs.case(payload(status=status)))
    assert await jobs.outcome() == ("decided", "review", ["flow.unknown_status"])
    assert jobs.vendor.asked == []


async def test_a_result_that_says_less_does_not_disagree(jobs: Jobs) -> None:
    less = {key: value for key, value in payload().items() if key != "multifaces_tag"}
    jobs.vendor.answers = [answered(less)]
    await advance(jobs.context, await jobs.case())
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_the_identity_of_the_result_outranks_the_callbacks(jobs: Jobs) -> None:
    result = put(payload(), "idcard_info.idcard_name", "王小明")
    jobs.vendor.answers = [answered(result)]
    await advance(jobs.context, await jobs.case())
    record = await jobs.store.find()
    assert record is not None
    assert record.identity is not None
    assert record.identity.name == "王**"


async def test_advancing_again_changes_nothing(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(PASS)]
    case = await jobs.case()
    await advance(jobs.context, case)
    before = await jobs.store.rows("SELECT d::text, v::text FROM decisions d, verifications v")
    jobs.configure(app(confirmation=OFF))
    await advance(jobs.context, case)
    assert await jobs.store.rows("SELECT d::text, v::text FROM decisions d, verifications v") == before


async def test_a_decision_is_announced_and_only_the_one_that_was_saved(jobs: Jobs) -> None:
    jobs.configure(app(confirmation=OFF))
    async with jobs.redis.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(DEFAULT_NAMES.decided)
        first, second = await jobs.case(payload(1)), await jobs.case(payload(2))
        for case in (first, first, second):
            await advance(jobs.context, case)
        heard: list[UUID] = []
        async with asyncio.timeout(5):
            while len(heard) < 2:
                message = await channel.get_message(timeout=1)
                heard += [UUID(bytes=message["data"])] if message else []
    assert heard == [first.verification_id, second.verification_id]


async def test_an_app_that_is_gone_leaves_the_verification_due(jobs: Jobs) -> None:
    case = await jobs.case()
    apps = jobs.context.apps
    assert isinstance(apps, dict)
    del apps["demo"]
    with pytest.raises(KeyError):
        await advance(jobs.context, case)
    await advance_safely(jobs.context, case)
    assert await jobs.due() == jobs.context.lease


async def test_one_bad_case_does_not_stop_advance_safely(jobs: Jobs) -> None:
    def explode() -> None:
        raise RuntimeError("a defect of ours")

    jobs.vendor.before = explode
    await advance_safely(jobs.context, await jobs.case())
    assert await jobs.outcome() == ("received", None, [])
    assert await jobs.ledger() == [(1, "reserved", None)]


async def test_nothing_of_it_is_stored_unencrypted(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(PASS)]
    await advance(jobs.context, await jobs.case())
    await jobs.store.record(callback(FAIL))
    assert traces(await dump_database(jobs.store.engine)) == []
