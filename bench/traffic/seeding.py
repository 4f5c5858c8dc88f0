"""Fill the database with verifications and dead letters quickly.

One verification in `SHARE` is whole: sealed identity, one pull, a biz_id that a lookup can name. The others
take up as much room and have the same indexes, but PostgreSQL copies them. They belong to two apps in turn;
one in a hundred has expired, and one in `RARE` is rejected.
"""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from adapters.policies.folder import SHIPPED, read_policy_file
from adapters.sealing.envelope import KeyRing
from adapters.store.decisions.decisions import seal_identity
from adapters.store.recording.known import key_place
from bench.rig import Rig
from bench.traffic.callbacks import APP_ID, SECOND_APP_ID, make_callbacks
from domain.callback.payload import decode_payload
from domain.model import Identity, verification_id
from domain.policy.facts.facts import extract_facts

SHARE: Final = 50
RARE: Final = 10_000
ORDERS: Final = 1_000
"""Different biz_no of the copied ones."""

CHUNK: Final = 100_000
"""Verifications of one statement. The whole ones lie between those of the chunks."""

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FACTS: Final = 50
"""How many different facts there are."""

_TABLES: Final = {
    "verifications": "id app_id biz_id biz_no state listed_as mode vendor_status wrapped_key identity_ct "
    "ended_at received_at created_at",
    "decisions": "verification_id app_id outcome basis reasons rules disagreements policy_hash mode "
    "callback_facts result_facts decided_at",
    "pulls": "verification_id n state started_at finished_at http_status",
}

_FILL: Final = """
WITH pattern AS MATERIALIZED (
  SELECT v.*, d.basis, d.reasons, d.rules, d.disagreements, d.policy_hash, d.callback_facts, d.result_facts
  FROM verifications v JOIN decisions d ON d.verification_id = v.id WHERE v.id = $1
), wanted AS MATERIALIZED (
  SELECT n, gen_random_uuid() AS id, CASE n % 2 WHEN 0 THEN p.app_id ELSE $3 END AS app_id,
         CASE n % 100 WHEN 50 THEN 'expired' ELSE 'decided' END AS state,
         CASE n % $4::int WHEN 7 THEN 'rejected' ELSE 'approved' END AS outcome
  FROM pattern p, generate_series(1, $2::int) AS n
), added AS (
  INSERT INTO verifications (id, app_id, biz_id, biz_no, state, listed_as, mode, vendor_status, wrapped_key,
                             identity_ct, ended_at, received_at, created_at)
  SELECT w.id, w.app_id, '1700000000,' || w.id, 'order ' || w.n % $5::int, w.state,
         CASE w.state WHEN 'decided' THEN w.outcome END, CASE w.state WHEN 'decided' THEN mode END,
         vendor_status, wrapped_key, identity_ct, ended_at, received_at, created_at + w.n * interval '1 ms'
  FROM wanted w, pattern
), listed AS (
  INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
  SELECT w.id, 'face.below_threshold', w.app_id, w.outcome, 'order ' || w.n % $5::int,
         created_at + w.n * interval '1 ms'
  FROM wanted w, pattern WHERE w.state = 'decided' AND w.outcome <> 'approved'
)
INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                       mode, callback_facts, result_facts, decided_at)
SELECT w.id, w.app_id, w.outcome, basis, reasons, rules, disagreements, policy_hash, mode, callback_facts,
       result_facts, created_at + w.n * interval '1 ms'
FROM wanted w, pattern WHERE w.state = 'decided'
"""

_LETTERS: Final = """
INSERT INTO dead_letters (id, app_id, kind, reason, detail, attempts, wrapped_key, raw_ct, first_seen_at,
                          last_seen_at)
SELECT gen_random_uuid(), CASE n % 2 WHEN 0 THEN $2 ELSE $3 END, 'notify', 'malformed', 'ValueError', 1,
       decode(md5(n::text), 'hex'), decode(repeat(md5(n::text), 60), 'hex'), at, at
FROM generate_series(1, $1::int) AS n, LATERAL (SELECT $4::timestamptz + n * interval '1 ms' AS at) AS seen
"""

_AGE: Final = """
UPDATE verifications SET state = 'expired', listed_as = NULL, numbered = true,
  created_at = now() - interval '100 days' + (created_at - timestamptz '2026-01-01Z')
"""

_KEEP_AGED: Final = """
CREATE UNLOGGED TABLE aged AS TABLE verifications;
CREATE UNLOGGED TABLE aged_callbacks AS
  SELECT id, decode(md5(id::text), 'hex') AS digest, decode(repeat(md5(id::text), 60), 'hex') AS raw_ct,
         received_at FROM verifications
"""

_ADD_AGED: Final = """
INSERT INTO verifications SELECT * FROM aged;
INSERT INTO callbacks (verification_id, digest, kind, secret_index, raw_ct, received_at)
  SELECT id, digest, 'notify', 0, raw_ct, received_at FROM aged_callbacks;
INSERT INTO pulls (verification_id, n, state, started_at, finished_at, http_status, raw_ct)
  SELECT id, 1, 'done', received_at, received_at, 200, raw_ct FROM aged_callbacks
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
    await rig.database.execute("VACUUM ANALYZE verifications, decisions, decision_reasons, pulls")
    found = await rig.database.fetch(
        "SELECT v.biz_id FROM pulls p JOIN verifications v ON v.id = p.verification_id"
    )
    return [row["biz_id"] for row in found]


async def seed_sealed(rig: Rig, *, count: int) -> None:
    """Add decided verifications, each with a data key that opens and a sealed identity."""
    keys = KeyRing([base64.b64decode(rig.roles.env["FACEID_MASTER_KEYS"])])
    columns = _TABLES["verifications"].split()
    for begin in range(0, count, CHUNK // 10):
        whole = _make_whole(keys, min(CHUNK // 10, count - begin), begin)
        records = [each.rows["verifications"] for each in whole]
        await rig.database.copy_records_to_table("verifications", columns=columns, records=records)
    await rig.database.execute("VACUUM ANALYZE verifications")


async def keep_aged(rig: Rig, *, count: int) -> None:
    """Make `count` verifications that have been kept long enough, in tables beside the product's."""
    await seed_sealed(rig, count=count)
    await rig.database.execute(_AGE)
    await rig.database.execute(_KEEP_AGED)


async def add_aged(rig: Rig) -> None:
    """Add what `keep_aged` made."""
    await rig.database.execute(_ADD_AGED)
    await rig.database.execute("VACUUM ANALYZE verifications, callbacks, pulls")


async def drop_aged(rig: Rig) -> None:
    """Drop what `keep_aged` made."""
    await rig.database.execute("DROP TABLE aged, aged_callbacks")


async def seed_letters(rig: Rig, *, count: int) -> None:
    """Add dead letters of both apps."""
    await rig.database.execute(_LETTERS, count, APP_ID, SECOND_APP_ID, _BEGAN, timeout=120)
    await rig.database.execute("VACUUM ANALYZE dead_letters")


async def _add(rig: Rig, count: int, begin: int) -> None:
    keys = KeyRing([base64.b64decode(rig.roles.env["FACEID_MASTER_KEYS"])])
    whole = list(_make_whole(keys, max(count // SHARE, min(count, 2_000)), begin))
    for part in range(0, len(whole), 1_000):
        await _copy(rig.database, whole[part : part + 1_000])
    pattern = whole[0].rows["verifications"][0]
    given = (pattern, count - len(whole), SECOND_APP_ID, RARE, ORDERS)
    await rig.database.execute(_FILL, *given, timeout=120)


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
                    "approved",
                    "required",
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
