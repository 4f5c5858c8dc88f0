"""Save decisions once: decision, state and timeline event in one statement; the first final one stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.coalescer import Coalescer
from adapters.database import DATABASE_AWAY
from adapters.envelope import place_of, seal, unseal
from adapters.store.columns import columns
from domain.facts import Facts
from domain.model import Identity
from domain.policy import Decision, Policy


class SettledVerification(msgspec.Struct, frozen=True):
    """A decision with what it was made from."""

    verification_id: UUID
    decision: Decision
    policy: Policy
    callback_facts: Facts
    result_facts: Facts | None
    identity_ct: bytes | None
    decided_at: datetime


class PgDecisions:
    """Writes decisions in groups."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._coalescer = Coalescer[SettledVerification, bool](
            self._save, max_items=128, systemic=DATABASE_AWAY
        )

    async def save_once(self, settled: SettledVerification) -> bool:
        """Save a decision; False when the verification was decided before, which then stands."""
        return await self._coalescer.submit(settled)

    async def _save(self, group: list[SettledVerification]) -> Sequence[bool]:
        first = {item.verification_id: item for item in reversed(group)}
        ordered = sorted(first.values(), key=_key)
        async with self._engine.begin() as connection:
            found = await connection.execute(_SAVE, columns([_row(item) for item in ordered]))
            saved = {row.verification_id for row in found}
        # Of two for the same verification the first was written; only its caller is told so.
        return [first[item.verification_id] is item and item.verification_id in saved for item in group]


def seal_identity(data_key: bytes, identity: Identity, *, app_id: str, verification_id: UUID) -> bytes:
    """An identity as it stands in `verifications.identity_ct`."""
    return seal(data_key, msgspec.msgpack.encode(identity), place=_place(app_id, verification_id))


def unseal_identity(data_key: bytes, sealed: bytes, *, app_id: str, verification_id: UUID) -> Identity:
    """What `seal_identity` made. Raises BrokenSeal."""
    return msgspec.msgpack.decode(
        unseal(data_key, sealed, place=_place(app_id, verification_id)), type=Identity
    )


def _place(app_id: str, verification_id: UUID) -> str:
    return place_of(app_id, "verifications.identity_ct", verification_id)


def _key(item: SettledVerification) -> UUID:
    return item.verification_id


def _row(item: SettledVerification) -> dict[str, object]:
    result = item.result_facts
    return {
        "ids": item.verification_id,
        "outcomes": item.decision.outcome,
        "bases": item.decision.basis,
        "reasons": msgspec.json.encode(item.decision.reasons).decode(),
        "policy_names": item.policy.name,
        "policy_versions": item.policy.version,
        "callback_facts": msgspec.json.encode(item.callback_facts).decode(),
        "result_facts": None if result is None else msgspec.json.encode(result).decode(),
        "identity_cts": item.identity_ct,
        "decided_ats": item.decided_at,
    }


_SAVE: Final = text("""
WITH incoming AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:outcomes AS text[]), CAST(:bases AS text[]),
                       CAST(:reasons AS text[]), CAST(:policy_names AS text[]),
                       CAST(:policy_versions AS text[]), CAST(:callback_facts AS text[]),
                       CAST(:result_facts AS text[]), CAST(:identity_cts AS bytea[]),
                       CAST(:decided_ats AS timestamptz[]))
    AS t (verification_id, outcome, basis, reasons, policy_name, policy_version, callback_facts,
          result_facts, identity_ct, decided_at)
), saved AS (
  INSERT INTO decisions (verification_id, outcome, basis, reasons, policy_name, policy_version,
                         callback_facts, result_facts, decided_at)
  SELECT verification_id, outcome, basis, CAST(reasons AS jsonb), policy_name, policy_version,
         CAST(callback_facts AS jsonb), CAST(result_facts AS jsonb), decided_at
  FROM incoming
  ON CONFLICT (verification_id) DO NOTHING
  RETURNING verification_id
), closed AS (
  UPDATE verifications v SET state = 'decided', due_at = NULL, identity_ct = i.identity_ct
  FROM incoming i JOIN saved USING (verification_id) WHERE v.id = i.verification_id
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'decision.saved',
         jsonb_build_object('outcome', outcome, 'basis', basis, 'reasons', CAST(reasons AS jsonb),
                            'policy', policy_name, 'version', policy_version)
  FROM incoming JOIN saved USING (verification_id)
)
SELECT verification_id FROM saved
""")
