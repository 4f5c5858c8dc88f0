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
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import place_of, unseal_packed
from adapters.store.decisions.saving import save_statement
from adapters.store.statements.bulk import as_rows, write_group
from adapters.tasks.coalescer import Coalescer
from domain.events.event import DECIDED, EventType
from domain.model import Basis, ConfirmationMode, Identity, Outcome
from domain.policy.facts.facts import Disagreement, Facts
from domain.policy.file.config import ReviewTable
from domain.policy.file.policy import Policy
from domain.policy.reasons import Reason
from domain.policy.rules.rules import RuleRun
from domain.verifications.lease import DataKey
from domain.verifications.records import DecisionRecord


class PgDecisions:
    """Writes decisions in groups. `index` hashes the ID numbers of their identities."""

    def __init__(self, engine: AsyncEngine, *, index: BlindIndex) -> None:
        self._engine = engine
        self._index = index
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
        saving = partial(_save_all, new=new, index=self._index)
        as_one = bool(new) or any(item.shadow for item in group)
        saved = await write_group(self._engine, group, saving, as_one=as_one)
        # Only after the commit: if it had failed, the texts would not be stored.
        self._kept_policies.update(used)
        return saved


async def _save_all(
    connection: asyncpg.Connection,
    group: list[DecisionRecord],
    *,
    new: Sequence[Policy],
    index: BlindIndex,
) -> Sequence[bool]:
    first = {_key(item): item for item in reversed(group)}
    ordered = [first[key] for key in sorted(first)]
    if new:
        await connection.execute(_KEEP_POLICIES, as_rows([_policy_row(policy) for policy in new]))
    rows = [_row(item, index) for item in ordered]
    numbered = any(row.number for row in rows)
    statement = save_statement({row.outcome for row in rows}, numbered=numbered)
    found = await connection.fetch(statement, as_rows(rows))
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
    says_the_same: bool
    identity_ct: bytes | None
    number: bytes | None
    decided_at: datetime


class _ShadowRow(msgspec.Struct, frozen=True):
    verification_id: UUID
    policy_hash: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    decided_at: datetime


def _row(item: DecisionRecord, index: BlindIndex) -> _DecisionRow:
    lease, decision, policy, evidence = item.lease, item.decision, item.policy, item.evidence
    says_the_same = evidence.result is not None and evidence.result is evidence.callback
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
        unconfirmed=evidence.unconfirmed,
        callback_facts=evidence.callback,
        result_facts=None if says_the_same else evidence.result,
        says_the_same=says_the_same,
        identity_ct=_sealed_identity(item),
        number=None if item.identity is None else index.digest(lease.app_id, item.identity.id_number),
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

_SAVE_SHADOWS: Final = """
INSERT INTO shadow_decisions (verification_id, policy_hash, outcome, reasons, decided_at)
SELECT verification_id, policy_hash, outcome, reasons, decided_at
FROM json_to_recordset(CAST($1 AS json))
  AS t (verification_id uuid, policy_hash text, outcome text, reasons json, decided_at timestamptz)
ON CONFLICT DO NOTHING
"""
