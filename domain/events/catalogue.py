"""Every type of event: what it means, when it is written, and an example."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.events.event import Event, EventBody, EventType, PolicyMark
from domain.model import Basis, Outcome, verification_id


class Entry(NamedTuple):
    """`meaning` and `when` are Markdown, `when` behind "Written". `detail` explains the example's members."""

    meaning: str
    when: str
    example: Event
    detail: str = ""


_AT: Final = datetime(2016, 5, 3, 7, 16, 3, 41000, tzinfo=UTC)
_APP: Final = "demo"
_BIZ_ID: Final = "1462259748,52b13fb5-8dfb-4537-a62b-a641d5e929f1"
_IDS: Final = EventBody(biz_id=_BIZ_ID, biz_no="cc47190f-5502-44a2-ab74-ea4f0f649f61")
_POLICY: Final = PolicyMark(
    "default", "1", "3d5c0f0f7c1e4c0c9d0f5f6a5a1d0b7e2c4d6e8f9a0b1c2d3e4f5a6b7c8d9e0f"
)


def _decided(outcome: Outcome, *reasons: str, **changes: Any) -> EventBody:
    return msgspec.structs.replace(
        _IDS,
        outcome=outcome,
        effective_outcome=outcome,
        reasons=reasons,
        basis=Basis.CONFIRMED,
        policy=_POLICY,
        **changes,
    )


def _event(event_type: EventType, body: EventBody, *, n: int | None = 1, app_id: str | None = _APP) -> Event:
    of_verification = None if body.biz_id is None or app_id is None else verification_id(app_id, body.biz_id)
    return Event(
        seq=17 + list(EventType).index(event_type),
        id=UUID("0b1f7f5e-4c55-4d0c-9f58-6d2f5c1e9a70"),
        type=event_type,
        at=_AT,
        app_id=app_id,
        verification_id=of_verification,
        n=None if of_verification is None else n,
        body=body,
    )


def _of_gateway(event_type: EventType, *, app_id: str | None = _APP, **detail: Any) -> Event:
    return _event(event_type, EventBody(detail=detail), app_id=app_id)


_CASE_ID: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_WHEN_DECIDED: Final = "in the transaction that saves the decision."

CATALOGUE: Final[Mapping[EventType, Entry]] = {
    EventType.APPROVED: Entry(
        "The verification was decided: approved.",
        _WHEN_DECIDED,
        _event(EventType.APPROVED, _decided(Outcome.APPROVED)),
    ),
    EventType.REJECTED: Entry(
        "The verification was decided: rejected.",
        _WHEN_DECIDED,
        _event(EventType.REJECTED, _decided(Outcome.REJECTED, "attack.synthetic_face")),
    ),
    EventType.REVIEW: Entry(
        "The verification was decided: a person must look at it.",
        _WHEN_DECIDED,
        _event(EventType.REVIEW, _decided(Outcome.REVIEW, "confirmation.disagrees")),
    ),
    EventType.INCOMPLETE: Entry(
        "The verification was decided: the user did not finish the flow.",
        _WHEN_DECIDED,
        _event(EventType.INCOMPLETE, _decided(Outcome.INCOMPLETE, "flow.cancelled")),
    ),
    EventType.REVIEWED: Entry(
        "A person has concluded a review; `effective_outcome` is the person's, `outcome` the policy's.",
        "in the transaction that writes the review.",
        _event(
            EventType.REVIEWED,
            msgspec.structs.replace(
                _decided(Outcome.REVIEW, "confirmation.disagrees"),
                effective_outcome=Outcome.APPROVED,
                detail={"case_id": _CASE_ID, "review": 1, "reasons": ["person.matches"]},
            ),
            n=2,
        ),
        "`case_id`: the review case. `review`: the number of the verification's review. `reasons`: "
        "[why the person concludes so](../review.md#reasons).",
    ),
    EventType.REVIEW_OVERDUE: Entry(
        "A review case waits longer than its policy allows. Nothing is decided; its priority rises.",
        "by a worker's sweep, each time the priority rises.",
        _event(
            EventType.REVIEW_OVERDUE,
            _decided(
                Outcome.REVIEW, "confirmation.disagrees", detail={"case_id": _CASE_ID, "priority": "high"}
            ),
            n=2,
        ),
        "`case_id`: the review case. `priority`: from now on.",
    ),
    EventType.EXPIRED: Entry(
        "No callback came, and the vendor no longer keeps a result: there will be no decision.",
        "in the transaction that ends the verification.",
        _event(EventType.EXPIRED, _IDS),
    ),
    EventType.CONFLICT: Entry(
        "Another callback contradicts the first one: it reports another end of the flow, or another order "
        "than the registered one. The decision stays; someone should look.",
        "in the transaction that records the callback, before or after the decision.",
        _event(EventType.CONFLICT, _decided(Outcome.APPROVED, detail={"kind": "notify"}), n=2),
        "`kind`: how the callback came, `notify` or `return`.",
    ),
    EventType.ERASED: Entry(
        "The verification's identity was erased.",
        "in the transaction that erases it.",
        _event(EventType.ERASED, _decided(Outcome.APPROVED, detail={"because": "request"}), n=2),
        "`because`: `request`, `person`, `retention`, or `ledger` (a restored backup was updated).",
    ),
    EventType.TEST: Entry(
        "A test of an endpoint that someone requested. It is sent, and is not in the log.",
        "at `POST /v1/endpoints/{id}/test`.",
        _of_gateway(EventType.TEST, endpoint_id="4f0b7a4e-5a0e-4a43-8f2e-6a0c3c1f7f10"),
        "`endpoint_id`: the endpoint.",
    ),
    EventType.ENDPOINT_FAILING: Entry(
        "An endpoint has been failing for two and a half days; after as many more it is disabled.",
        "in the transaction that notes the failure.",
        _of_gateway(
            EventType.ENDPOINT_FAILING,
            endpoint_id="4f0b7a4e-5a0e-4a43-8f2e-6a0c3c1f7f10",
            since="2016-04-30T19:16:03.041Z",
        ),
        "`endpoint_id`: the endpoint. `since`: its first failure.",
    ),
    EventType.ENDPOINT_DISABLED: Entry(
        "Nothing is delivered to an endpoint any more.",
        "in the transaction that disables it.",
        _of_gateway(
            EventType.ENDPOINT_DISABLED,
            endpoint_id="4f0b7a4e-5a0e-4a43-8f2e-6a0c3c1f7f10",
            reason="failing",
        ),
        "`endpoint_id`: the endpoint. `reason`: why.",
    ),
    EventType.DELIVERY_EXHAUSTED: Entry(
        "An event was not delivered to an endpoint in any attempt of the schedule.",
        "in the transaction that ends the delivery.",
        _of_gateway(
            EventType.DELIVERY_EXHAUSTED,
            endpoint_id="4f0b7a4e-5a0e-4a43-8f2e-6a0c3c1f7f10",
            delivery_id="9d3c6f0a-0e0b-4b0e-9a52-0f5d3d2c8b11",
            event_id="0b1f7f5e-4c55-4d0c-9f58-6d2f5c1e9a70",
            error="status_503",
        ),
        "`endpoint_id`, `delivery_id`: where and what. `event_id`: the event that was not delivered. "
        "`error`: of its last attempt.",
    ),
    EventType.DEAD_LETTER_CREATED: Entry(
        "A genuine callback could not be understood or processed; it is kept.",
        "in the transaction that keeps it, the first time.",
        _of_gateway(
            EventType.DEAD_LETTER_CREATED,
            dead_letter_id="6a0c3c1f-7f10-4f0b-8a4e-5a0e4a438f2e",
            reason="missing_biz_id",
            kind="notify",
        ),
        "`dead_letter_id`: the letter. `reason`: why. `kind`: how the callback came.",
    ),
    EventType.POLICY_ACTIVATED: Entry(
        "A policy came into force: a new one, or another text of a known one.",
        "once a worker decides by it: at its start, or within a sweep after a reload.",
        _of_gateway(
            EventType.POLICY_ACTIVATED,
            app_id=None,
            name=_POLICY.name,
            version=_POLICY.version,
            hash=_POLICY.hash,
        ),
        "`name`, `version`, `hash`: the policy, and the SHA-256 of its text.",
    ),
    EventType.AUDIT_CHECKPOINT: Entry(
        "A block of the audit was closed. Anyone who keeps the hash outside the gateway can prove later that "
        "no row before it was changed or removed.",
        "in the transaction that closes the block, once every live process knows this type: one of no app, "
        "and one for each app with an endpoint whose `types` name `audit.checkpoint` or `audit.*`.",
        _of_gateway(
            EventType.AUDIT_CHECKPOINT,
            height=1204,
            hash="7c1f5a0b1d0b7e2c4d6e8f9a0b1c2d3e4f5a6b7c8d9e0f3d5c0f0f7c1e4c0c9d",
            count=12,
        ),
        "`height`, `hash`: the block's. `count`: its rows.",
    ),
}
