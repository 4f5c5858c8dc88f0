"""Save decisions once: decision, state, timeline and event in one statement; the first one stays."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.sqlstate import DatabaseAway, StatementFailed
from adapters.sealing.envelope import place_of, unseal_packed
from adapters.store.events.log import body_of, turn_after
from adapters.store.statements import due_moves
from adapters.store.statements.bulk import as_rows, write_group
from adapters.tasks.coalescer import Coalescer
from domain.events.event import DECIDED, EventType
from domain.facts.facts import Disagreement, Facts
from domain.lease import DataKey
from domain.model import Basis, ConfirmationMode, Identity, Outcome
from domain.policy.config import ReviewTable
from domain.policy.file import Policy
from domain.policy.reasons import Reason
from domain.policy.rules.rules import RuleRun
from domain.records import DecisionRecord


class PgDecisions:
    """Writes decisions in groups."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept_policies: set[str] = set()
        self._coalescer = Coalescer[DecisionRecord, bool](
            self._save, max_items=128, systemic=(DatabaseAway,), alone=(StatementFailed,)
        )

    async def save_once(self, decision_record: DecisionRecord) -> bool:
        """Save a decision; False when the verification was decided before, which is kept, or when the
        lease is another's by now."""
        return await self._coalescer.submit(decision_record)

    async def _save(self, group: list[DecisionRecord]) -> Sequence[bool | DatabaseAway]:
        try:
            return await self._save_group(group)
        except asyncpg.ForeignKeyViolationError:
            if not self._kept_policies:
                raise
        # The database was restored to a time before these policies were stored.
        self._kept_policies.clear()
        return await self._save_group(group)

    async def _save_group(self, group: list[DecisionRecord]) -> Sequence[bool | DatabaseAway]:
        used = {policy.content_hash: policy for item in group for policy in _policies(item)}
        new = [policy for digest, policy in used.items() if digest not in self._kept_policies]
        saving = partial(_save_all, new=new)
        as_one = bool(new) or any(item.shadow for item in group)
        saved = await write_group(self._engine, group, saving, as_one=as_one)
        # Only after the commit: if it had failed, the texts would not be stored.
        self._kept_policies.update(used)
        return saved


async def _save_all(
    connection: asyncpg.Connection, group: list[DecisionRecord], *, new: Sequence[Policy]
) -> Sequence[bool]:
    first = {_key(item): item for item in reversed(group)}
    ordered = [first[key] for key in sorted(first)]
    if new:
        await connection.execute(_KEEP_POLICIES, as_rows([_policy_row(policy) for policy in new]))
    found = await connection.fetch(_SAVE, as_rows([_row(item) for item in ordered]))
    saved = {(row["verification_id"].int, row["fence"]) for row in found}
    shadows = [row for item in ordered if _key(item) in saved and (row := _shadow_row(item))]
    if shadows:
        await connection.execute(_SAVE_SHADOWS, as_rows(shadows))
    # Of two for the same verification the first was written, and only its caller gets True.
    return [first[_key(item)] is item and _key(item) in saved for item in group]


def _policies(item: DecisionRecord) -> list[Policy]:
    return [item.policy, item.shadow[0]] if item.shadow else [item.policy]


def seal_identity(data_key: DataKey, identity: Identity, *, app_id: str, verification_id: UUID) -> bytes:
    """Encrypt an identity for `verifications.identity_ct`."""
    return data_key.seal(msgspec.msgpack.encode(identity), place=_place(app_id, verification_id))


def unseal_identity(data_key: DataKey, sealed: bytes, *, app_id: str, verification_id: UUID) -> Identity:
    """Decrypt the output of `seal_identity`. Raises BrokenSeal."""
    return unseal_packed(data_key, sealed, place=_place(app_id, verification_id), kind=Identity)


def _place(app_id: str, verification_id: UUID) -> str:
    return place_of(app_id, "verifications.identity_ct", verification_id)


def _key(item: DecisionRecord) -> tuple[int, int]:
    """The sort key of a decision, in the order of the ids; numbers compare faster than UUIDs."""
    return item.lease.verification_id.int, item.lease.fence


class _PolicyRow(msgspec.Struct, frozen=True):
    content_hash: str
    name: str
    version: str
    content: str
    review: ReviewTable


def _policy_row(policy: Policy) -> _PolicyRow:
    return _PolicyRow(policy.content_hash, policy.name, policy.version, policy.text, policy.config.review)


class _DecisionRow(msgspec.Struct, frozen=True):
    verification_id: UUID
    fence: int
    outcome: Outcome
    basis: Basis
    event: EventType
    reasons: tuple[Reason, ...]
    codes: tuple[str, ...]
    rules: tuple[RuleRun, ...]
    disagreements: tuple[Disagreement, ...]
    policy_name: str
    policy_version: str
    policy_hash: str
    mode: ConfirmationMode
    unconfirmed: Reason | None
    callback_facts: Facts | None
    result_facts: Facts | None
    identity_ct: bytes | None
    decided_at: datetime


class _ShadowRow(msgspec.Struct, frozen=True):
    verification_id: UUID
    policy_hash: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    decided_at: datetime


def _row(item: DecisionRecord) -> _DecisionRow:
    lease, decision, policy = item.lease, item.decision, item.policy
    return _DecisionRow(
        verification_id=lease.verification_id,
        fence=lease.fence,
        outcome=decision.outcome,
        basis=decision.basis,
        event=DECIDED[decision.outcome],
        reasons=decision.reasons,
        codes=tuple(reason.code for reason in decision.reasons),
        rules=decision.rules,
        disagreements=decision.disagreements,
        policy_name=policy.name,
        policy_version=policy.version,
        policy_hash=policy.content_hash,
        mode=item.mode,
        unconfirmed=item.evidence.unconfirmed,
        callback_facts=item.evidence.callback,
        result_facts=item.evidence.result,
        identity_ct=_sealed_identity(item),
        decided_at=item.decided_at,
    )


def _sealed_identity(item: DecisionRecord) -> bytes | None:
    if item.identity is None:
        return None
    lease = item.lease
    return seal_identity(lease.key, item.identity, app_id=lease.app_id, verification_id=lease.verification_id)


def _shadow_row(item: DecisionRecord) -> _ShadowRow | None:
    if item.shadow is None:
        return None
    policy, decision = item.shadow
    return _ShadowRow(
        item.lease.verification_id, policy.content_hash, decision.outcome, decision.reasons, item.decided_at
    )


_KEEP_POLICIES: Final = """
INSERT INTO policies (content_hash, name, version, content, review)
SELECT content_hash, name, version, content, review FROM json_to_recordset(CAST($1 AS json))
  AS t (content_hash text, name text, version text, content text, review json)
ON CONFLICT (content_hash) DO NOTHING
"""

_EVENT_BODY: Final = body_of(
    ids="closed",
    outcome="outcome",
    effective="outcome",
    reasons="codes",
    basis="basis",
    policy="json_build_object('name', policy_name, 'version', policy_version, 'hash', policy_hash)",
)

_SAVE: Final = f"""
WITH incoming AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (verification_id uuid, fence bigint, outcome text, basis text, event text, reasons json,
          codes json, rules json, disagreements json, policy_name text, policy_version text, policy_hash text,
          mode text, unconfirmed json, callback_facts json, result_facts json, identity_ct text,
          decided_at timestamptz)
), held AS (
  SELECT i.*, v.app_id
  FROM verifications v JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence
  WHERE v.id = ANY(ARRAY(SELECT verification_id FROM incoming))
  ORDER BY v.id FOR NO KEY UPDATE OF v
), saved AS (
  INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                         mode, unconfirmed, callback_facts, result_facts, decided_at, reasons_listed)
  SELECT verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash, mode,
         unconfirmed, callback_facts, result_facts, decided_at, true
  FROM held
  ON CONFLICT (verification_id) DO NOTHING
  RETURNING verification_id
), first AS (
  SELECT verification_id, fence, outcome, basis, event, reasons, codes, policy_name, policy_version,
         policy_hash, identity_ct, decided_at
  FROM held WHERE verification_id = ANY(ARRAY(SELECT verification_id FROM saved))
), closed AS (
  UPDATE verifications v
  SET state = 'decided', listed_as = f.outcome, {due_moves.END},
      identity_ct = decode(f.identity_ct, 'base64'), events = v.events + 1
  FROM first f
  WHERE v.id = f.verification_id AND v.id = ANY(ARRAY(SELECT verification_id FROM saved))
  RETURNING v.id, v.app_id, v.biz_id, v.biz_no, v.created_at, v.events AS n, f.outcome, f.basis, f.event,
            f.codes, f.policy_name, f.policy_version, f.policy_hash, f.decided_at
), coded AS (
  INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
  SELECT c.id, code, c.app_id, c.outcome, c.biz_no, c.created_at
  FROM closed c CROSS JOIN LATERAL json_array_elements_text(c.codes) AS code
  WHERE c.outcome <> 'approved'
  ON CONFLICT DO NOTHING
  RETURNING verification_id
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'decision.saved',
         jsonb_build_object('outcome', outcome, 'basis', basis, 'reasons', CAST(reasons AS jsonb),
                            'policy', policy_name, 'version', policy_version)
  FROM first
  RETURNING id
), ready AS MATERIALIZED (
  SELECT app_id, id, n, event, decided_at, {_EVENT_BODY} AS body FROM closed
), turn AS MATERIALIZED (
  {turn_after("(SELECT FROM ready UNION ALL SELECT FROM noted UNION ALL SELECT FROM coded) AS done")}
), told AS (
  INSERT INTO events (app_id, verification_id, n, type, at, body)
  SELECT app_id, id, n, event, decided_at, body FROM turn CROSS JOIN ready
)
SELECT verification_id, fence FROM first
"""  # noqa: S608 - constants alone

_SAVE_SHADOWS: Final = """
INSERT INTO shadow_decisions (verification_id, policy_hash, outcome, reasons, decided_at)
SELECT verification_id, policy_hash, outcome, reasons, decided_at
FROM json_to_recordset(CAST($1 AS json))
  AS t (verification_id uuid, policy_hash text, outcome text, reasons json, decided_at timestamptz)
ON CONFLICT DO NOTHING
"""
