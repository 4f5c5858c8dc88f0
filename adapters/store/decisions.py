"""Save decisions once: decision, state and timeline event in one statement; the first final one stands."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.coalescer import Coalescer
from adapters.database import DATABASE_AWAY, autocommitting
from adapters.envelope import place_of, seal, unseal
from adapters.store.columns import columns
from domain.model import Identity
from domain.policy_file import Policy
from domain.records import SettledVerification


class PgDecisions:
    """Writes decisions in groups."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._autocommitting = autocommitting(engine)
        self._kept_policies: set[str] = set()
        self._coalescer = Coalescer[SettledVerification, bool](
            self._save, max_items=128, systemic=DATABASE_AWAY
        )

    async def save_once(self, settled: SettledVerification) -> bool:
        """Save a decision; False when the verification was decided before, which then stands, or when the
        lease is another's by now."""
        return await self._coalescer.submit(settled)

    async def _save(self, group: list[SettledVerification]) -> Sequence[bool]:
        first = {_key(item): item for item in reversed(group)}
        ordered = [first[key] for key in sorted(first)]
        used = {policy.content_hash: policy for item in ordered for policy in _policies(item)}
        new = [policy for digest, policy in used.items() if digest not in self._kept_policies]
        alone = not new and not any(item.shadow for item in ordered)
        async with self._autocommitting.connect() if alone else self._engine.begin() as connection:
            if new:
                await connection.execute(_KEEP_POLICY, [_policy_row(policy) for policy in new])
            found = await connection.execute(_SAVE, columns([_row(item) for item in ordered]))
            saved = {(row.verification_id, row.fence) for row in found}
            shadows = [row for item in ordered if _key(item) in saved for row in _shadow_rows(item)]
            if shadows:
                await connection.execute(_SAVE_SHADOWS, columns(shadows))
        # Only now: had the transaction failed, the texts would not be there.
        self._kept_policies.update(used)
        # Of two for the same verification the first was written; only its caller is told so.
        return [first[_key(item)] is item and _key(item) in saved for item in group]


def _policies(item: SettledVerification) -> list[Policy]:
    return [item.policy, item.shadow[0]] if item.shadow else [item.policy]


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


def _key(item: SettledVerification) -> tuple[UUID, int]:
    return item.verification_id, item.fence


def _policy_row(policy: Policy) -> dict[str, str]:
    return {
        "content_hash": policy.content_hash,
        "name": policy.name,
        "version": policy.version,
        "content": policy.text,
    }


def _row(item: SettledVerification) -> dict[str, object]:
    decision = item.decision
    return {
        "ids": item.verification_id,
        "fences": item.fence,
        "outcomes": decision.outcome,
        "bases": decision.basis,
        "reasons": _json(decision.reasons),
        "rules": _json(decision.rules),
        "disagreements": _json(decision.disagreements),
        "policy_names": item.policy.name,
        "policy_versions": item.policy.version,
        "policy_hashes": item.policy.content_hash,
        "modes": item.mode,
        "unconfirmed": _json(item.unconfirmed),
        "callback_facts": _json(item.callback_facts),
        "result_facts": _json(item.result_facts),
        "identity_cts": item.identity
        and seal_identity(
            item.data_key, item.identity, app_id=item.app_id, verification_id=item.verification_id
        ),
        "decided_ats": item.decided_at,
    }


def _shadow_rows(item: SettledVerification) -> list[dict[str, object]]:
    if item.shadow is None:
        return []
    policy, decision = item.shadow
    return [
        {
            "ids": item.verification_id,
            "policy_hashes": policy.content_hash,
            "outcomes": decision.outcome,
            "reasons": _json(decision.reasons),
            "decided_ats": item.decided_at,
        }
    ]


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


_KEEP_POLICY: Final = text("""
INSERT INTO policies (content_hash, name, version, content)
VALUES (:content_hash, :name, :version, :content) ON CONFLICT (content_hash) DO NOTHING
""")

_SAVE: Final = text("""
WITH incoming AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[]), CAST(:outcomes AS text[]),
                       CAST(:bases AS text[]), CAST(:reasons AS text[]), CAST(:rules AS text[]),
                       CAST(:disagreements AS text[]),
                       CAST(:policy_names AS text[]), CAST(:policy_versions AS text[]),
                       CAST(:policy_hashes AS text[]), CAST(:modes AS text[]),
                       CAST(:unconfirmed AS text[]), CAST(:callback_facts AS text[]),
                       CAST(:result_facts AS text[]), CAST(:identity_cts AS bytea[]),
                       CAST(:decided_ats AS timestamptz[]))
    AS t (verification_id, fence, outcome, basis, reasons, rules, disagreements, policy_name, policy_version,
          policy_hash, mode, unconfirmed, callback_facts, result_facts, identity_ct, decided_at)
), held AS (
  SELECT v.id AS verification_id, v.app_id, v.fence
  FROM verifications v JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence
  ORDER BY v.id FOR NO KEY UPDATE OF v
), saved AS (
  INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                         mode, unconfirmed, callback_facts, result_facts, decided_at)
  SELECT verification_id, app_id, outcome, basis, CAST(reasons AS json), CAST(rules AS json),
         CAST(disagreements AS json), policy_hash, mode, CAST(unconfirmed AS json),
         CAST(callback_facts AS json), CAST(result_facts AS json), decided_at
  FROM incoming JOIN held USING (verification_id, fence)
  ON CONFLICT (verification_id) DO NOTHING
  RETURNING verification_id
), closed AS (
  UPDATE verifications v
  SET state = 'decided', due_at = NULL, asked_at = NULL, identity_ct = i.identity_ct
  FROM incoming i JOIN held USING (verification_id, fence) JOIN saved USING (verification_id)
  WHERE v.id = i.verification_id
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'decision.saved',
         jsonb_build_object('outcome', outcome, 'basis', basis, 'reasons', CAST(reasons AS jsonb),
                            'policy', policy_name, 'version', policy_version)
  FROM incoming JOIN held USING (verification_id, fence) JOIN saved USING (verification_id)
)
SELECT verification_id, fence FROM saved JOIN held USING (verification_id)
""")

_SAVE_SHADOWS: Final = text("""
INSERT INTO shadow_decisions (verification_id, policy_hash, outcome, reasons, decided_at)
SELECT verification_id, policy_hash, outcome, CAST(reasons AS json), decided_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:policy_hashes AS text[]), CAST(:outcomes AS text[]),
            CAST(:reasons AS text[]), CAST(:decided_ats AS timestamptz[]))
  AS t (verification_id, policy_hash, outcome, reasons, decided_at)
ON CONFLICT DO NOTHING
""")
