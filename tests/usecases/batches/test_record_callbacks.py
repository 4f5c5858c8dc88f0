"""Every callback of a batch is on its own: one that cannot be processed becomes a dead letter, no loss."""

import asyncio
import secrets
from datetime import timedelta

import msgspec
import pytest

from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from adapters.sealing.envelope import KeyRing
from devstack.waiting import until
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.limits.memory_room import MEMORY_RULES
from domain.model import AcceptedCallback
from domain.views.letters import LetterFilter
from tests.support.payloads.callbacks import dump, put
from tests.support.storage.actors import AN_ACTOR
from tests.support.storage.dumps import traces
from tests.support.storage.stores import NOW, Store, callback, payload
from tests.support.workers.batches import stored_batches
from tests.support.workers.jobs import Jobs, answered, refused
from usecases.batches import record_callbacks as callbacks
from usecases.context import WorkerContext
from usecases.requests.retry_dead_letters import DeadLetterRetries


async def letters(jobs: Jobs) -> dict[str, str]:
    """Reason and detail of every dead letter."""
    return {letter.reason: letter.detail for letter in await jobs.store.letters("demo")}


async def process(jobs: Jobs, *taken: AcceptedCallback) -> None:
    """Put a batch into the inbox and process it; nothing may stay behind."""
    await jobs.inbox.hand_over("b1", taken)
    await jobs.work()
    assert await jobs.inbox.depth() == 0


async def test_a_batch_is_recorded_and_decided(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await process(jobs, callback())
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_batch_that_was_finished_is_nothing_to_do(jobs: Jobs) -> None:
    await jobs.work()
    assert await jobs.store.rows("SELECT 1 FROM verifications") == []


async def test_processing_a_batch_twice_decides_once(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    for _ in range(2):
        await process(jobs, callback(), callback())
    assert len(jobs.vendor.asked) == 1
    assert await jobs.store.rows("SELECT seen FROM callbacks") == [(4,)]
    assert await jobs.store.rows("SELECT count(*) FROM decisions") == [(1,)]


POISON: list[tuple[str, bytes, str]] = [
    ("no object", b"[]", "malformed_payload"),
    ("no JSON", b"{", "malformed_payload"),
    ("no biz_id", b"{}", "missing_biz_id"),
    ("strange biz_id", dump({"status": "OK", "biz_info": {"biz_id": "x y"}}), "bad_biz_id"),
]


@pytest.mark.parametrize(("data", "reason"), [row[1:] for row in POISON], ids=[row[0] for row in POISON])
async def test_poison_is_a_dead_letter_and_the_others_are_decided(
    jobs: Jobs, data: bytes, reason: str
) -> None:
    jobs.vendor.answers = [answered(payload(1))]
    poison = callback(data)
    await process(jobs, poison, callback(payload(1)))
    assert await jobs.outcome(1) == ("decided", "approved", [])
    assert set(await letters(jobs)) == {reason}
    assert traces(str(await letters(jobs))) == []
    assert await jobs.store.opened_letter(poison.key, "demo") == poison


ODD: list[tuple[str, bytes]] = [
    ("wrong type", dump(put(payload(), "verify_result.result_faceid", "欧阳金丝雀"))),
    ("NUL", dump(put(payload(), "biz_info.biz_no", ["\0"]))),
    ("not finite", dump(put(payload(), "verify_result.result_faceid.confidence", "nan"))),
    ("endless number", dump(payload()).replace(b'"OK"', b"9" * 5000)),
    ("endless biz_no", dump(payload(biz_no=secrets.token_hex(9000)))),
]


@pytest.mark.parametrize("data", [row[1] for row in ODD], ids=[row[0] for row in ODD])
async def test_an_unreadable_member_causes_review(jobs: Jobs, data: bytes) -> None:
    jobs.vendor.answers = [answered(data)]
    await process(jobs, callback(data))
    state, outcome, reasons = await jobs.outcome(1)
    assert (state, outcome, "payload.unreadable" in reasons) == ("decided", "review", True)
    assert await letters(jobs) == {}
    assert (
        traces(str(await jobs.store.rows("SELECT reasons, callback_facts, result_facts FROM decisions")))
        == []
    )


@pytest.mark.parametrize("text", ["a\0b", "cut \ud83d", "\udc00\0"])
@pytest.mark.parametrize(
    "path", ["biz_info.biz_no", "status", "idcard_info.idcard_name", "multifaces_tag", "new"]
)
async def test_no_text_is_one_that_the_store_refuses(jobs: Jobs, path: str, text: str) -> None:
    data = dump(put(payload(), path, text))
    jobs.vendor.answers = [answered(data)]
    await process(jobs, callback(data))
    assert (await jobs.outcome(1))[0] == "decided"
    assert await letters(jobs) == {}


async def test_a_status_is_recorded_as_a_word(jobs: Jobs) -> None:
    await process(jobs, callback(payload(status="欧阳金丝雀 11010119900307001X")))
    rows = await jobs.store.rows("SELECT v.vendor_status, t.detail::text FROM verifications v, timeline t")
    assert {status for status, _ in rows} == {"OTHER"}
    assert traces(str(rows)) == []


async def test_a_value_that_the_store_refuses_is_a_dead_letter(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_pass(data: bytes) -> Payload:
        said = decode_payload(data)
        info = msgspec.structs.replace(said.biz_info, biz_no=secrets.token_hex(9000))
        return msgspec.structs.replace(said, biz_info=info) if said.biz_no == "order-2" else said

    monkeypatch.setattr("usecases.batches.record_callbacks.decode_payload", let_pass)
    jobs.vendor.answers = [answered(payload(1))]
    await process(jobs, callback(payload(2, biz_no="order-2")), callback(payload(1)))
    assert await jobs.outcome(1) == ("decided", "approved", [])
    assert set(await letters(jobs)) == {"processing_failed"}


async def test_a_defect_of_ours_is_a_dead_letter(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    async def explode(*_: object, **__: object) -> list[BaseException]:
        return [RuntimeError("canary 欧阳金丝雀")]

    monkeypatch.setattr(jobs.context.recorder, "record_all", explode)
    await process(jobs, callback())
    assert await letters(jobs) == {"processing_failed": "RuntimeError"}


async def test_a_defect_in_the_decoder_holds_up_no_other_callback(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(data: bytes) -> Payload:
        if b"order-2" in data:
            raise RuntimeError("canary 欧阳金丝雀")
        return decode_payload(data)

    monkeypatch.setattr(callbacks, "decode_payload", stumble)
    jobs.vendor.answers = [answered(payload(1))]
    await process(jobs, callback(payload(2, biz_no="order-2")), callback(payload(1)))
    assert await letters(jobs) == {"processing_failed": "RuntimeError"}
    assert await jobs.outcome(1) == ("decided", "approved", [])


async def test_a_letter_that_cannot_be_kept_holds_up_no_other_callback(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise DatabaseAway

    with monkeypatch.context() as outage:
        outage.setattr(jobs.context.dead_letters, "keep", full)
        await jobs.inbox.hand_over("b1", [callback({"no": "biz_id"}), callback()])
        with pytest.raises(DatabaseAway):
            await jobs.work()
    assert await jobs.store.rows("SELECT count(*) FROM callbacks") == [(1,)]
    assert await jobs.inbox.depth() == 1


async def test_a_moment_without_database_is_no_dead_letter(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> list[BaseException]:
        return [DatabaseAway()]

    with monkeypatch.context() as outage:
        outage.setattr(jobs.context.recorder, "record_all", away)
        await jobs.inbox.hand_over("b1", [callback()])
        with pytest.raises(DatabaseAway):
            await jobs.work()
    assert await letters(jobs) == {}
    assert await jobs.inbox.depth() == 1


async def test_a_callback_whose_key_is_lost_is_a_dead_letter(jobs: Jobs) -> None:
    await Store(jobs.store.engine, KeyRing([b"lost" * 8])).record(callback(payload(status="PROCESSING")))
    await process(jobs, callback())
    assert await letters(jobs) == {"processing_failed": "BrokenSeal"}


async def test_without_database_the_batch_stays_whole(jobs: Jobs, without_database: WorkerContext) -> None:
    taken = [callback(), callback(b"[]")]
    await jobs.inbox.hand_over("b1", taken)
    with pytest.raises(DatabaseAway):
        await jobs.work(without_database)
    assert await stored_batches(jobs.redis, jobs.store.keys) == {"b1": taken}
    await jobs.lapse()
    jobs.vendor.answers = [answered(payload())]
    await jobs.work()
    assert await jobs.outcome() == ("decided", "approved", [])
    assert set(await letters(jobs)) == {"malformed_payload"}


async def test_without_redis_nothing_is_done(jobs: Jobs, without_redis: WorkerContext) -> None:
    await jobs.inbox.hand_over("b1", [callback()])
    with pytest.raises(RedisAway):
        await jobs.work(without_redis)
    assert await jobs.store.rows("SELECT 1 FROM verifications") == []
    assert await jobs.inbox.depth() == 1


async def test_a_crash_after_recording_leaves_the_verification_due(jobs: Jobs) -> None:
    called = asyncio.Event()

    async def hang() -> None:
        called.set()
        await asyncio.Event().wait()

    jobs.vendor.before = hang
    await jobs.inbox.hand_over("b1", [callback()])
    loops = jobs.loops()
    await loops.recording.record_some()
    await called.wait()
    assert await jobs.inbox.depth() == 0, "the vendor is not waited for"
    await loops.advancing.end(grace=0)
    assert await jobs.due() == jobs.context.lease


async def test_the_advancing_of_one_does_not_hold_up_another(jobs: Jobs) -> None:
    gate = asyncio.Event()

    async def first_hangs() -> None:
        if len(jobs.vendor.asked) == 1:
            await gate.wait()

    jobs.vendor.before = first_hangs
    jobs.vendor.answers = [refused(403, "DATA_DESTROYED")]
    await jobs.inbox.hand_over("b1", [callback(payload(1)), callback(payload(2))])
    processing = asyncio.create_task(jobs.work())

    async def second_is_decided() -> bool:
        return await jobs.store.rows("SELECT count(*) FROM decisions") == [(1,)]

    await until(second_is_decided)
    gate.set()
    await processing
    assert await jobs.store.rows("SELECT count(*) FROM decisions") == [(2,)]


async def test_an_open_callback_is_recorded_and_nothing_more(jobs: Jobs) -> None:
    await process(jobs, callback(payload(status="PROCESSING")))
    assert await jobs.outcome() == ("received", None, [])
    assert jobs.vendor.asked == []
    record = await jobs.store.find()
    assert record is not None
    assert record.received_at == NOW


async def test_a_retried_letter_is_deleted_once_its_callback_is_recorded(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload(1))]
    understood, poison = callback(payload(1)), callback(b'{"status": "OK"}')
    for letter in (understood, poison):
        await jobs.store.dead_letters.keep(letter, reason="r", detail="", now=NOW)
    retries = DeadLetterRetries(
        jobs.store.dead_letters,
        inbox=jobs.inbox,
        memory_rules=MEMORY_RULES,
        clock=lambda: NOW + timedelta(days=1),
    )
    await retries.retry_all(LetterFilter(), limit=5, actor=AN_ACTOR)
    await jobs.work()
    assert await jobs.outcome(1) == ("decided", "approved", [])
    assert await jobs.store.letters(retried=True) == []
    assert [(each.id, each.attempts) for each in await jobs.store.letters()] == [(poison.key, 2)]
