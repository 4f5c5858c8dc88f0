"""kill -9 at every statement of an erasure: it has not begun, or it becomes complete, and never half."""

import subprocess
import sys
from asyncio import to_thread
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.folder import FolderKeys
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.applied import PgApplied
from domain.identity.erasure import ledger_key
from domain.model import verification_id
from tests.adapters.store.identity.dying import KILLED
from tests.support.storage.erasing import Erasing
from tests.support.storage.stores import biz_id, whole_way

COUNT = 34
"""More than an erasure has steps, so the last ones are not killed."""

STATE = """
SELECT wrapped_key IS NOT NULL, identity_ct IS NOT NULL, erased_at IS NULL,
  (SELECT count(*) FROM callbacks WHERE verification_id = v.id AND raw_ct IS NOT NULL),
  (SELECT count(*) FROM pulls WHERE verification_id = v.id AND raw_ct IS NOT NULL),
  (SELECT count(*) FROM audit WHERE subject = v.biz_id),
  (SELECT count(*) FROM events WHERE verification_id = v.id AND type = 'verification.erased')
FROM verifications v WHERE id = :id
"""
UNTOUCHED = [(True, True, True, 1, 1, 0, 0)]
ERASED = [(False, False, False, 0, 0, 1, 1)]


def ends_of(database_url: str, folder: Path) -> list[int]:
    """The exit codes of processes of which the n-th dies at the n-th step of erasing verification n."""
    command = [
        sys.executable,
        "-m",
        "tests.adapters.store.identity.dying",
        database_url,
        str(folder),
        str(COUNT),
    ]
    return [int(each) for each in subprocess.check_output(command, text=True).split()]


async def test_killed_at_each_statement(
    engine: AsyncEngine, keys: KeyRing, database_url: str, tmp_path: Path
) -> None:
    kept, folder = FolderKeys(tmp_path / "keys"), tmp_path / "keys"
    store = Erasing(engine, keys, kept)
    for n in range(1, COUNT + 1):
        await whole_way(store, n)

    ends = await to_thread(ends_of, database_url, folder)

    ids = [verification_id("demo", biz_id(n)) for n in range(1, COUNT + 1)]
    states = [await store.rows(STATE, id=each) for each in ids]
    assert all(state in (UNTOUCHED, ERASED) for state in states)
    assert states[0] == UNTOUCHED
    assert all(state == ERASED for state, end in zip(states, ends, strict=True) if end == 0)
    assert {KILLED, 0} == set(ends)
    assert ends[-1] == 0
    in_ledger = {entry.key for entry in await kept.entries()}
    begun = {row[0] for row in await store.rows("SELECT verification_id FROM erasures")}
    # What the ledger has, this database knows, so every role starts.
    assert {ledger_key(each) for each in begun} >= in_ledger
    assert await PgApplied(engine).missing(kept, erased=len(in_ledger)) == []

    await store.desk.finish()

    after = {each: await store.rows(STATE, id=each) for each in ids}
    assert {each for each, state in after.items() if state == ERASED} == begun
    assert all(state in (UNTOUCHED, ERASED) for state in after.values())
