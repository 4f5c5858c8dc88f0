"""The three forms of an event show the same fields, and no form shows identity."""

import json
from datetime import datetime, timedelta, timezone
from uuid import UUID

from domain.events.bodies import Format, cloudevent, encoded, full, thin
from domain.events.event import Event, EventBody, EventType, PolicyMark
from domain.model import Basis, Outcome
from domain.policy.facts.facts import ComparisonFacts, Facts

EVENT = Event(
    seq=17,
    id=UUID("0190c1a2-0000-7000-8000-000000000001"),
    type=EventType.REJECTED,
    at=datetime(2026, 11, 28, 20, 0, 0, 41_900, tzinfo=timezone(timedelta(hours=8))),
    app_id="demo",
    verification_id=UUID("0190c1a2-0000-7000-8000-000000000002"),
    n=1,
    body=EventBody(
        biz_id="1462259748,52b13fb5",
        biz_no="order-1",
        outcome=Outcome.REJECTED,
        effective_outcome=Outcome.REJECTED,
        reasons=("face.below_threshold",),
        basis=Basis.CONFIRMED,
        policy=PolicyMark("default", "1", "ab" * 32),
    ),
)
FACTS = Facts(
    liveness="PASS",
    genuineness={"synthetic_face_confidence": 0.1},
    comparisons={"result_faceid": ComparisonFacts(68.9, {"1e-5": 74.0}, "1e-3")},
    attempts={"liveness_max_exceed_num": 1},
)


def test_thin_has_the_fields_of_the_contract_in_order() -> None:
    assert json.loads(encoded(EVENT, Format.THIN)) == {
        "seq": 17,
        "id": "0190c1a2-0000-7000-8000-000000000001",
        "type": "verification.rejected",
        "at": "2026-11-28T12:00:00.041Z",
        "app_id": "demo",
        "biz_id": "1462259748,52b13fb5",
        "biz_no": "order-1",
        "n": 1,
        "outcome": "rejected",
        "effective_outcome": "rejected",
        "reasons": ["face.below_threshold"],
        "basis": "confirmed",
        "policy": {"name": "default", "version": "1", "hash": "ab" * 32},
    }
    assert list(thin(EVENT))[:6] == ["seq", "id", "type", "at", "app_id", "biz_id"]


def test_full_adds_scores_and_levels() -> None:
    assert full(EVENT, FACTS) == thin(EVENT) | {
        "scores": {
            "comparisons": {
                "result_faceid": {"confidence": 68.9, "thresholds": {"1e-5": 74.0}, "level": "1e-3"}
            },
            "liveness": "PASS",
            "genuineness": {"synthetic_face_confidence": 0.1},
            "attempts": {"liveness_max_exceed_num": 1},
        }
    }
    assert full(EVENT, None)["scores"] is None


def test_cloudevent_wraps_the_thin_event() -> None:
    assert cloudevent(EVENT) == {
        "specversion": "1.0",
        "id": "0190c1a2-0000-7000-8000-000000000001",
        "source": "/faceid-gateway/demo",
        "type": "verification.rejected",
        "subject": "1462259748,52b13fb5",
        "time": "2026-11-28T12:00:00.041Z",
        "datacontenttype": "application/json",
        "data": thin(EVENT),
    }


def test_an_event_of_no_verification_has_detail_and_no_subject() -> None:
    event = Event(
        seq=18,
        id=EVENT.id,
        type=EventType.POLICY_ACTIVATED,
        at=EVENT.at,
        app_id=None,
        verification_id=None,
        n=None,
        body=EventBody(detail={"name": "strict"}),
    )
    assert thin(event)["detail"] == {"name": "strict"}
    assert "subject" not in cloudevent(event)
    assert cloudevent(event)["source"] == "/faceid-gateway"
