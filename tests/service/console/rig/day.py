"""A few hours of a gateway: verifications of every kind, as the screens show them."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from domain.callback.payload import decode_payload
from domain.model import ConfirmationMode
from domain.policy.decide import decide
from domain.policy.evidence import Evidence, gather_evidence
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from domain.verifications.records import DecisionRecord, Recorded
from tests.support.payloads.callbacks import default_policy, dump, passing_payload, policy_with, put
from tests.support.storage.stores import Json, Store, callback, finished, payload

CHANGES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("approved", {}),
    ("rejected", {"verify_result.result_faceid.confidence": 41.2}),
    ("review", {"verify_result.result_faceid.confidence": 68.918}),
    ("rejected", {"liveness_result.face_genuineness.synthetic_face_confidence": 0.88}),
    ("incomplete", {"status": "CANCELLED"}),
)
"""An outcome, and what is changed in a passing payload to get it."""

_CREATED: Final = text("UPDATE verifications SET created_at = :at WHERE id = :id")


def tree(n: int, changes: dict[str, Any]) -> Json:
    """The payload of verification `n` with these changes."""
    made = passing_payload() | {"biz_info": payload(n, biz_no=f"order-{n:04}")["biz_info"]}
    for path, value in changes.items():
        made = put(made, path, value)
    return made


async def run(
    store: Store,
    n: int,
    changes: dict[str, Any],
    *,
    at: datetime,
    app_id: str = "demo",
    result: dict[str, Any] | None = None,
    shadow: Policy | None = None,
) -> Recorded:
    """One verification from its callback to its decision; `result`: the changes in what get_result says."""
    stated = tree(n, changes)
    recorded = await store.record(callback(stated, app_id=app_id, received_at=at))
    if result is not None:
        await store.reserve(recorded, 1, now=at)
        await store.ledger.finish(finished(recorded, 1, body=dump(tree(n, result))))
    await store.decisions.save_once(_decision(recorded, n, stated, result, at, shadow))
    await _date(store, recorded, at)
    return recorded


async def fill(store: Store, now: datetime, *, count: int = 60) -> None:
    """Verifications of the last hours, one every few minutes; each kind is there, and some are undecided."""
    for n in range(1, count + 1):
        at = now - timedelta(minutes=11 * (count - n))
        _, changes = CHANGES[(n * 7) % len(CHANGES)] if n % 3 == 0 else CHANGES[0]
        await run(store, n, changes, at=at, result=changes, app_id="other" if n % 10 == 0 else "demo")
    await store.register(count + 1)
    await store.record(callback(payload(count + 2), received_at=now))


def _decision(
    recorded: Recorded,
    n: int,
    stated: Json,
    result: dict[str, Any] | None,
    at: datetime,
    shadow: Policy | None,
) -> DecisionRecord:
    evidence = _evidence(stated, None if result is None else tree(n, result))
    policy, mode = default_policy(), ConfirmationMode.REQUIRED
    second = None if shadow is None else (shadow, decide(evidence, policy=shadow, mode=mode))
    return DecisionRecord(
        lease=recorded.lease,
        decision=decide(evidence, policy=policy, mode=mode),
        policy=policy,
        evidence=evidence,
        mode=mode,
        identity=decode_payload(dump(stated)).identity(),
        decided_at=at + timedelta(seconds=2),
        shadow=second,
    )


def _evidence(stated: Json, result: Json | None) -> Evidence:
    said = decode_payload(dump(stated))
    if result is None:
        return gather_evidence(
            said, None, registration=None, unconfirmed=Reason(Code.CONFIRMATION_UNAVAILABLE)
        )
    return gather_evidence(said, decode_payload(dump(result)), registration=None)


async def _date(store: Store, recorded: Recorded, at: datetime) -> None:
    """The list is in the order of creation, which PostgreSQL's clock dates."""
    async with store.engine.begin() as connection:
        await connection.execute(_CREATED, {"at": at, "id": recorded.verification_id})


def stricter() -> Policy:
    """A candidate that approves less."""
    return policy_with(face={"approve_level": "1e-6"})
