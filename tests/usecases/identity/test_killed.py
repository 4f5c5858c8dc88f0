"""A process that is killed while it shows identities has shown none without its row in the audit."""

import asyncio
import os
import sys

import pytest

from adapters.sealing.envelope import KeyRing
from tests.support.storage.stores import Store, biz_id, callback, payload

KEY = b"k" * 32
COUNT = 40

CHILD = """
import asyncio, sys
from adapters.keys.data_keys import DataKeys
from adapters.postgres.engine import create_engine
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.reads import PgIdentityReads
from adapters.store.lookups.lookups import PgLookups
from domain.identity.reading import Field
from domain.people.actor import Actor
from usecases.identity.read import IdentityDesk

async def show():
    ring = KeyRing([b"k" * 32])
    engine, keys = create_engine(sys.argv[1]), DataKeys(ring)
    desk = IdentityDesk(PgIdentityReads(engine, keys=keys, index=BlindIndex(ring)), limit=1000)
    for biz_id in sys.argv[2:]:
        [record] = await PgLookups(engine, keys=keys).find(["demo"], biz_id)
        shown = await desk.read(record, {Field.NUMBER}, actor=Actor.command("root"), reason="why")
        assert shown.id_number
        print(biz_id, flush=True)

asyncio.run(show())
"""


@pytest.mark.parametrize("after", [1, 7, 23])
async def test_nothing_was_shown_without_its_row(store: Store, database_url: str, after: int) -> None:
    mine = Store(store.engine, KeyRing([KEY]))
    for n in range(COUNT):
        assert await mine.decide(await mine.record(callback(payload(n))), tree=payload(n))
    ids = [biz_id(n) for n in range(COUNT)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, database_url, *ids,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert child.stdout is not None
    shown = [(await child.stdout.readline()).decode().strip() for _ in range(after)]
    child.kill()
    shown += (await child.stdout.read()).decode().split()
    await child.wait()
    rows = await store.rows("SELECT subject FROM audit WHERE action = 'identity.read' ORDER BY id")
    audited = [subject for (subject,) in rows]
    assert shown == ids[: len(shown)]
    assert len(shown) >= after
    assert audited[: len(shown)] == shown
    assert len(audited) <= len(shown) + 1
