"""A delivery: one event on its way to one endpoint, and what follows from each attempt."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.events.event import Event, EventType
from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.schedule import Health, next_attempt
from domain.events.webhooks.verdict import Judged, Verdict
from domain.events.webhooks.way import Answer, Fault, NotSent
from domain.policy.facts.facts import Facts

KEPT_FOR: Final = timedelta(days=30)
"""How long deliveries and their attempts are kept."""


class DeliveryState(StrEnum):
    """`pending` has a due time, and no other state has one."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class EndWord(StrEnum):
    """Why a delivery failed, besides the error of its last attempt."""

    UNSUBSCRIBED = "unsubscribed"
    ENDPOINT_DISABLED = "endpoint_disabled"
    ENDPOINT_DELETED = "endpoint_deleted"
    UNREADABLE = "unreadable"
    EVENT_DELETED = "event_deleted"


class FannedOut(msgspec.Struct, frozen=True):
    """How many events were read, and how many deliveries made for them; `more`: further events may wait."""

    events: int
    deliveries: int
    more: bool


class DeliveryLease(msgspec.Struct, frozen=True):
    """The right to write the end of one attempt. A write with an earlier fence changes nothing."""

    delivery_id: UUID
    endpoint_id: UUID
    fence: int


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery that this sender has to make now.

    `attempts`: all so far. `in_round`: those since the last redelivery, by which the schedule goes.
    `facts`: those of the decision, if the endpoint's format shows them. `changed_at`: when the endpoint's
    settings last changed. `is_deleted`: the log no longer has the event, and `event` has no body.
    """

    lease: DeliveryLease
    event: Event
    attempts: int
    in_round: int
    changed_at: datetime
    facts: Facts | None = None
    is_deleted: bool = False


class Attempt(msgspec.Struct, frozen=True):
    """One request. `ms`: how long it took. `answer`: the first 2 KiB of the receiver's answer."""

    k: int
    at: datetime
    ms: int
    status: int | None = None
    fault: Fault | None = None
    error: str | None = None
    answer: bytes = b""


class EndedAttempt(msgspec.Struct, frozen=True):
    """What is written when a claimed delivery was handled. `attempt` is None if nothing was sent."""

    lease: DeliveryLease
    state: DeliveryState
    at: datetime
    due_at: datetime | None = None
    error: str | None = None
    attempt: Attempt | None = None
    verdict: Verdict | None = None
    counts_against_receiver: bool = False
    is_exhausted: bool = False


def attempt_of(k: int, sent: Answer | NotSent, judged: Judged, *, at: datetime, ms: int) -> Attempt:
    """The record of attempt `k`."""
    if isinstance(sent, NotSent):
        return Attempt(k, at, ms, None, judged.fault, judged.error)
    return Attempt(k, at, ms, sent.status, judged.fault, judged.error, sent.head)


def ended(
    claimed: ClaimedDelivery,
    attempt: Attempt,
    judged: Judged,
    *,
    now: datetime,
    chance: float,
    schedule: Sequence[timedelta],
) -> EndedAttempt:
    """What follows from an attempt. `chance`: a number from 0 to 1.

    The end of a `delivery.exhausted` is not told by another one, which could fail as well.
    """
    due_at = None
    if judged.verdict is Verdict.RETRY:
        due_at = next_attempt(
            claimed.in_round + 1, now=now, chance=chance, retry_after=judged.retry_after, schedule=schedule
        )
    return EndedAttempt(
        lease=claimed.lease,
        state=_state(judged.verdict, due_at),
        at=now,
        due_at=due_at,
        error=judged.error,
        attempt=attempt,
        verdict=judged.verdict,
        counts_against_receiver=judged.counts_against_receiver,
        is_exhausted=judged.verdict is Verdict.RETRY
        and due_at is None
        and claimed.event.type != EventType.DELIVERY_EXHAUSTED,
    )


def ended_without_attempt(claimed: ClaimedDelivery, word: EndWord, *, now: datetime) -> EndedAttempt:
    """The end of a delivery that is not to be made any more."""
    return EndedAttempt(claimed.lease, DeliveryState.FAILED, now, error=word)


def _state(verdict: Verdict, due_at: datetime | None) -> DeliveryState:
    if verdict is Verdict.DELIVERED:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if due_at is None else DeliveryState.PENDING


class EndpointAfter(msgspec.Struct, frozen=True):
    """An endpoint's health after some attempts, and why it is disabled by them.

    `alarms`: with these attempts, it has failed for half of the time after which it is disabled.
    """

    health: Health
    disabled: DisabledReason | None = None
    alarms: bool = False


def endpoint_after(
    health: Health, attempts: Iterable[EndedAttempt], *, last_failure: datetime | None = None
) -> EndpointAfter:
    """The health after these attempts of one endpoint, in the order of their ends.

    `last_failure`: the one before them, where it is known. Faults on our side, of DNS or of a proxy count
    neither way.
    """
    disabled, alarms = None, False
    was_alarming = last_failure is not None and health.is_alarming(last_failure)
    for each in attempts:
        if each.verdict is Verdict.DELIVERED:
            health = health.succeeded()
        elif each.counts_against_receiver:
            health = health.failed(each.at)
            alarms = not was_alarming and health.is_alarming(each.at)
        if each.verdict is Verdict.GONE:
            disabled = DisabledReason.GONE
        elif each.counts_against_receiver and health.is_given_up(each.at):
            disabled = disabled or DisabledReason.FAILING
    return EndpointAfter(health, disabled, alarms and disabled is None)
