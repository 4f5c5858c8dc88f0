"""Fill the database with decided verifications quickly.

One in `SHARE` is whole: sealed identity, one pull, a biz_id that a lookup can name. The others take up as
much room and have the same indexes, but PostgreSQL copies them, and nobody asks for them.
"""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from adapters.envelope import KeyRing
from adapters.policies.folder import SHIPPED, read_policy_file
from adapters.store.decisions.decisions import seal_identity
from adapters.store.recording.recorder import key_place
from bench.rig import Rig
from bench.traffic.callbacks import APP_ID, make_callbacks
from domain.callback.payload import decode_payload
from domain.facts.facts import extract_facts
from domain.model import Identity, verification_id

SHARE: Final = 50
CHUNK: Final = 100_000
"""Verifications of one statement. The whole ones lie between those of the chunks."""

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FACTS: Final = 50
"""How many different facts there are."""

_TABLES: Final = {
    "verifications": "id app_id biz_id biz_no state vendor_status wrapped_key identity_ct ended_at "
    "received_at created_at",
    "decisions": "verification_id app_id outcome basis reasons rules disagreements policy_hash mode "
    "callback_facts result_facts decided_at",
    "pulls": "verification_id n state started_at finished_at http_status",
}

_FILL: Final = """
WITH pattern AS MATERIALIZED (
  SELECT v.*, d.outcome, d.basis, d.reasons, d.rules, d.disagreements, d.policy_hash, d.mode,
         d.callback_facts, d.result_facts
  FROM verifications v JOIN decisions d ON d.verification_id = v.id WHERE v.id = $1
), added AS (
  INSERT INTO verifications (id, app_id, biz_id, biz_no, state, vendor_status, wrapped_key, identity_ct,
                             ended_at, received_at, created_at)
  SELECT gen_random_uuid(), app_id, '1700000000,' || gen_random_uuid(), gen_random_uuid(), state,
         vendor_status, wrapped_key, identity_ct, ended_at, received_at, created_at + n * interval '1 ms'
  FROM pattern, generate_series(1, $2::int) AS n
  RETURNING id, app_id, created_at
)
INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                       mode, callback_facts, result_facts, decided_at)
SELECT a.id, a.app_id, outcome, basis, reasons, rules, disagreements, policy_hash, mode, callback_facts,
       result_facts, a.created_at
FROM added a, pattern
"""


class _Whole(NamedTuple):
    biz_id: str
    rows: dict[str, tuple[Any, ...]]


async def seed(rig: Rig, *, count: int) -> list[str]:
    """Add decided verifications until there are `count`; returns the biz_ids of all whole ones."""
    await _keep_policy(rig.database)
    there = await rig.database.fetchval("SELECT count(*) FROM verifications")
    for begin in range(there, count, CHUNK):
        await _add(rig, min(CHUNK, count - begin), begin)
    await rig.database.execute("VACUUM ANALYZE verifications, decisions, pulls")
    found = await rig.database.fetch(
        "SELECT v.biz_id FROM pulls p JOIN verifications v ON v.id = p.verification_id"
    )
    return [row["biz_id"] for row in found]


async def _add(rig: Rig, count: int, begin: int) -> None:
    keys = KeyRing([base64.b64decode(rig.roles.env["FACEID_MASTER_KEYS"])])
    whole = list(_make_whole(keys, max(count // SHARE, min(count, 2_000)), begin))
    for part in range(0, len(whole), 1_000):
        await _copy(rig.database, whole[part : part + 1_000])
    pattern = whole[0].rows["verifications"][0]
    await rig.database.execute(_FILL, pattern, count - len(whole), timeout=120)


async def _copy(database: asyncpg.Connection, whole: Sequence[_Whole]) -> None:
    for table, columns in _TABLES.items():
        records = [each.rows[table] for each in whole]
        await database.copy_records_to_table(table, columns=columns.split(), records=records)


def _make_whole(keys: KeyRing, count: int, begin: int) -> Iterator[_Whole]:
    facts = [
        msgspec.json.encode(extract_facts(decode_payload(callback.data))).decode()
        for callback in make_callbacks(_FACTS)
    ]
    policy, random = read_policy_file(SHIPPED / "default.toml"), Random(begin)
    for number in range(count):
        biz_id = f"1700000000,{UUID(int=random.getrandbits(128), version=4)}"
        row, at = verification_id(APP_ID, biz_id), _BEGAN + timedelta(milliseconds=begin + number)
        key, wrapped = keys.new_data_key(place=key_place(APP_ID, row))
        identity = Identity("陈大文", f"{random.randrange(10**17, 10**18)}")
        sealed = seal_identity(key, identity, app_id=APP_ID, verification_id=row)
        said = facts[number % len(facts)]
        decision = (
            "approved",
            "confirmed",
            "[]",
            "[]",
            "[]",
            policy.content_hash,
            "required",
            said,
            said,
            at,
        )
        yield _Whole(
            biz_id,
            {
                "verifications": (
                    row,
                    APP_ID,
                    biz_id,
                    random.randbytes(12).hex(),
                    "decided",
                    "OK",
                    wrapped,
                    sealed,
                    at,
                    at,
                    at,
                ),
                "decisions": (row, APP_ID, *decision),
                "pulls": (row, 1, "done", at, at, 200),
            },
        )


async def _keep_policy(database: asyncpg.Connection) -> None:
    policy = read_policy_file(SHIPPED / "default.toml")
    statement = "INSERT INTO policies (content_hash, name, version, content) VALUES ($1, $2, $3, $4)"
    await database.execute(
        f"{statement} ON CONFLICT DO NOTHING", policy.content_hash, policy.name, policy.version, policy.text
    )
