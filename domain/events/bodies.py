"""The JSON of an event, as pulls, streams and webhooks show it."""

from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.events.event import Event
from domain.events.times import utc_text
from domain.policy.facts.facts import Facts

_CLOUDEVENTS_SOURCE: Final = "/faceid-gateway"


class Format(StrEnum):
    """The form of a webhook's body.

    `thin`: the event as `GET /v1/events` shows it · `full`: with scores and levels · `cloudevents`: the thin
    event as a CloudEvent 1.0 in structured JSON.
    """

    THIN = "thin"
    FULL = "full"
    CLOUDEVENTS = "cloudevents"


def thin(event: Event) -> dict[str, Any]:
    """The event without scores; `detail` only where its type has one."""
    body = event.body
    shown: dict[str, Any] = {
        "seq": event.seq,
        "id": str(event.id),
        "type": str(event.type),
        "at": utc_text(event.at),
        "app_id": event.app_id,
        "biz_id": body.biz_id,
        "biz_no": body.biz_no,
        "n": event.n,
        "outcome": body.outcome,
        "effective_outcome": body.effective_outcome,
        "reasons": list(body.reasons),
        "basis": body.basis,
        "policy": None if body.policy is None else msgspec.structs.asdict(body.policy),
    }
    return shown | {"detail": body.detail} if body.detail else shown


def full(event: Event, facts: Facts | None) -> dict[str, Any]:
    """The thin event with the scores of the decision's facts; null if there is no decision."""
    return thin(event) | {"scores": None if facts is None else _scores(facts)}


def cloudevent(event: Event) -> dict[str, Any]:
    """The thin event as the data of a CloudEvent 1.0."""
    app = "" if event.app_id is None else f"/{event.app_id}"
    envelope = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": f"{_CLOUDEVENTS_SOURCE}{app}",
        "type": str(event.type),
        "time": utc_text(event.at),
        "datacontenttype": "application/json",
    }
    subject = {} if event.body.biz_id is None else {"subject": event.body.biz_id}
    return envelope | subject | {"data": thin(event)}


def encoded(event: Event, form: Format, facts: Facts | None = None) -> bytes:
    """The body of a webhook, as UTF-8 JSON. `facts`: those of the decision, for `full`."""
    if form is Format.FULL:
        return msgspec.json.encode(full(event, facts))
    return msgspec.json.encode(cloudevent(event) if form is Format.CLOUDEVENTS else thin(event))


def _scores(facts: Facts) -> dict[str, Any]:
    return {
        "comparisons": msgspec.to_builtins(facts.comparisons),
        "liveness": facts.liveness,
        "genuineness": facts.genuineness,
        "attempts": facts.attempts,
    }
