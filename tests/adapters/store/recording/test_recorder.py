"""The PostgreSQL side of recording: groups, locks, refusals, ciphertext. The rest: tests/usecases/ports."""

import asyncio
import json
import secrets

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.compression.raw import open_raw
from adapters.sealing.envelope import KeyRing
from adapters.store.recording.known import raw_callback_place
from adapters.store.recording.recorder import PgRecorder
from domain.model import CallbackKind
from tests.support.payloads.callbacks import passing_payload, put
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, payload, record

FINAL = callback()


async def test_groups_that_share_verifications_wait_for_each_other(
    store: Store, engine: AsyncEngine, keys: KeyRing
) -> None:
    processes = [PgRecorder(engine, keys=DataKeys(keys), lease=LEASE) for _ in range(8)]
    for first in range(0, 384, 128):
        taken = [callback(payload(n)) for n in range(first, first + 128)]
        ends = await asyncio.gather(
            *(
                record(process, each, now=NOW)
                for turn, process in enumerate(processes)
                for each in (taken if turn % 2 else reversed(taken))
            )
        )
        assert sum(end.to_advance for end in ends) == 128, "a deadlock would have raised"


async def test_the_raw_bytes_open_with_the_data_key_in_their_place(store: Store) -> None:
    recorded = await store.record(FINAL)
    [(raw_ct,)] = await store.rows("SELECT raw_ct FROM callbacks")
    place = raw_callback_place("demo", recorded.verification_id)
    assert open_raw(recorded.lease.key, raw_ct, place=place) == FINAL.data


async def test_nothing_is_compressed_while_an_older_process_lives(
    engine: AsyncEngine, keys: KeyRing, store: Store
) -> None:
    careful = PgRecorder(engine, keys=DataKeys(keys), lease=LEASE, compresses=lambda: False)
    recorded = await record(careful, FINAL, now=NOW)
    [(raw_ct,)] = await store.rows("SELECT raw_ct FROM callbacks")
    place = raw_callback_place("demo", recorded.verification_id)
    assert recorded.lease.key.unseal(raw_ct, place=place) == FINAL.data


async def test_a_callback_that_the_store_refuses_fails_alone(store: Store) -> None:
    # 18,000 random hex digits fit no index row.
    endless = callback(payload(1, biz_no=secrets.token_hex(9000)))
    _, good = await asyncio.gather(
        store.record(endless), store.record(callback(payload(2))), return_exceptions=True
    )
    assert not isinstance(good, BaseException)
    assert good.to_advance


async def test_a_callback_sealed_under_a_lost_key_fails_alone(store: Store, engine: AsyncEngine) -> None:
    await Store(engine, KeyRing([b"lost" * 8])).record(callback(payload(2)))
    good, bad = await asyncio.gather(
        store.record(callback(payload(1))),
        store.record(callback(payload(2, biz_no="order-2"))),
        return_exceptions=True,
    )
    assert not isinstance(good, BaseException)
    assert good.to_advance
    assert type(bad).__name__ == "BrokenSeal"


async def test_the_timeline_shows_the_callbacks_without_identity(store: Store) -> None:
    recorded = await store.record(callback(kind=CallbackKind.RETURN, secret_index=1))
    [event] = await store.lookups.timeline(recorded.verification_id)
    assert event.detail == {"kind": "return", "status": "OK", "secret_index": 1}


async def test_the_database_never_holds_an_identity_in_the_open(store: Store, engine: AsyncEngine) -> None:
    tree = put(passing_payload(), "idcard_info.front_side.ocr_result.address", "金丝雀路1号")
    recorded = await store.record(callback(tree))
    await store.decide(recorded, tree=tree)
    await store.dead_letters.keep(callback(b"[1]"), reason="malformed_payload", detail="", now=NOW)
    await store.dead_letters.keep(callback(tree), reason="processing_failed", detail="", now=NOW)
    assert traces(await dump_database(engine)) == []
    assert traces(await dump_database(engine), "金丝雀路1号") == []
    await store.record(callback(payload(3, biz_no="欧阳金丝雀")))
    assert traces(await dump_database(engine)), "the check would notice"


async def test_a_number_for_a_text_is_stored_as_text(store: Store) -> None:
    tree = payload() | {"biz_info": {"biz_id": biz_id(), "biz_no": 20160503}}
    await store.record(callback(json.dumps(tree).encode()))
    record = await store.find()
    assert record is not None
    assert record.biz_no == "20160503"
