"""Stored decisions for tests: facts of every kind, decided by a policy, saved, read back."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing, SealingKey
from adapters.store.decisions.decisions import PgDecisions
from adapters.store.tables.verifications import verifications
from domain.callback.parts import LEVELS
from domain.model import ConfirmationMode, Outcome, verification_id
from domain.policy.decide import Decision, decide
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import ComparisonFacts, Facts, reached_level
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from domain.verifications.lease import Lease
from domain.verifications.records import DecisionRecord
from tests.support.payloads.callbacks import compared, passing_facts

START: Final = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
WORDS: Final = (
    None,
    "OK",
    "PASS",
    "FAIL",
    "OTHER",
    "CANCELLED",
    "NO_FACE_FOUND",
    "DATA_SOURCE_ERROR: 3",
    "will",
)
SCORES: Final = (0.0, -0.0, 0.1 + 0.2, 1.0, 5e-324, 1e23, 59.999999999999993, 64.0, 74.0, 79.9, 91.327, 100.0)


def biz_id(n: int) -> str:
    return f"1700000000,{UUID(int=n)}"


def random_facts(chance: random.Random) -> Facts:
    """Facts that no vendor would send together, with figures that are hard to keep and keys in any order."""
    return Facts(
        status=chance.choice(("OK", "OK", "OK", *WORDS)),
        liveness=chance.choice(WORDS),
        procedure_type=chance.choice(WORDS),
        genuineness=_figures(chance, "mask_confidence", "mask_threshold", "face_replaced"),
        comparisons={name: _comparison(chance) for name in _some(chance, "result_faceid", "result_ref1")},
        error_message=chance.choice((None, None, *WORDS)),
        id_attacked=chance.choice((None, 0.0, 1.0)),
        will=chance.choice(WORDS),
        multifaces_tag=chance.choice((None, "0", "1")),
        attempts={name: chance.randrange(9) for name in _some(chance, "front.NO_AUDIO", "NO_AUDIO")},
        legality=_figures(chance, "front.photocopy", "back.id_photo", "front.id_photo", "back.screen"),
        qualities=_figures(chance, "front.name", "back.issued_by", "front.gender"),
        illogical=tuple(_some(chance, "front.name", "back.issued_by")),
        card=chance.choice((None, "valid", "expired")),
        registration=chance.choice((None, "match", "mismatch")),
    )  # fmt: skip


def decision_record(
    n: int,
    policy: Policy,
    *,
    callback: Facts | None = None,
    result: Facts | None = None,
    heard: bool = True,
    app_id: str = "demo",
    mode: ConfirmationMode = ConfirmationMode.REQUIRED,
    candidate: Policy | None = None,
) -> DecisionRecord:
    """Verification `n`, decided `n` minutes after START.

    Without `result` it could not be had; not `heard`: no callback came.
    """
    said = (callback or passing_facts()) if heard else None
    unconfirmed = None if result else Reason(Code.CONFIRMATION_UNAVAILABLE, "TIMEOUT")
    evidence = Evidence(said, result, unconfirmed)

    def under(policy: Policy) -> Decision:
        return decide(evidence, policy=policy, mode=mode)

    return DecisionRecord(
        lease=Lease(verification_id(app_id, biz_id(n)), app_id, 1, SealingKey(bytes(32))),
        decision=under(policy),
        policy=policy,
        evidence=evidence,
        mode=mode,
        identity=None,
        decided_at=START + timedelta(minutes=n),
        shadow=(candidate, under(candidate)) if candidate else None,
    )


def confirmed(n: int, policy: Policy, *, confidence: float = 91.327, **more: Any) -> DecisionRecord:
    """Verification `n`, whose callback and result agree on this face score."""
    facts = passing_facts(comparisons=compared(confidence))
    return decision_record(n, policy, callback=facts, result=facts, **more)


async def add_verification(engine: AsyncEngine, n: int, *, app_id: str = "demo") -> None:
    """A verification whose callback has come, undecided."""
    async with engine.begin() as connection:
        await connection.execute(insert(verifications), [_verification(n, app_id)])


async def add_review(engine: AsyncEngine, n: int, outcome: Outcome, *reasons: str) -> None:
    """A person's conclusion about verification `n`, which another person approved."""
    async with engine.begin() as connection:
        values = {"id": verification_id("demo", biz_id(n)), "outcome": outcome, "reasons": list(reasons)}
        await connection.execute(_REVIEW, values)


async def save_all(engine: AsyncEngine, items: Sequence[DecisionRecord], *, app_id: str = "demo") -> None:
    """Save these decisions."""
    numbers = [round((item.decided_at - START) / timedelta(minutes=1)) for item in items]
    async with engine.begin() as connection:
        await connection.execute(insert(verifications), [_verification(n, app_id) for n in numbers])
    store = PgDecisions(engine, index=BlindIndex(KeyRing([bytes(32)])))
    assert all(await asyncio.gather(*map(store.save_once, items)))


def _verification(n: int, app_id: str) -> dict[str, Any]:
    row = verification_id(app_id, biz_id(n))
    return {"id": row, "app_id": app_id, "biz_id": biz_id(n), "state": "received", "received_at": START}


def _some(chance: random.Random, *names: str) -> list[str]:
    return chance.sample(names, chance.randint(0, len(names)))


def _figures(chance: random.Random, *names: str) -> dict[str, float]:
    return {name: chance.choice((chance.random(), *SCORES)) for name in _some(chance, *names)}


def _comparison(chance: random.Random) -> ComparisonFacts:
    thresholds = _figures(chance, *LEVELS)
    confidence = chance.choice((*SCORES, chance.uniform(0, 100)))
    return ComparisonFacts(confidence, thresholds, reached_level(confidence, thresholds))


_REVIEW: Final = text("""
INSERT INTO reviews (verification_id, n, case_id, app_id, outcome, reasons, proposed_by, proposed_name,
                     approved_by, approved_name, evidence_hash, opened_at, at)
SELECT id, 1 + (SELECT count(*) FROM reviews WHERE verification_id = v.id), gen_random_uuid(), app_id,
       :outcome, CAST(:reasons AS text[]), gen_random_uuid(), 'one',
       gen_random_uuid(), 'another', 'e', now(), now()
FROM verifications v WHERE id = :id
""")
