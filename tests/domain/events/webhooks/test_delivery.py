"""What becomes of a delivery, and of its endpoint, after each attempt."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.events.event import Event, EventBody, EventType
from domain.events.webhooks.delivery import (
    Attempt,
    ClaimedDelivery,
    DeliveryLease,
    DeliveryState,
    EndedAttempt,
    EndWord,
    attempt_of,
    ended,
    ended_without_attempt,
)
from domain.events.webhooks.verdict import Verdict, judge
from domain.events.webhooks.way import Answer, Fault, NotSent

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LEASE = DeliveryLease(UUID(int=1), UUID(int=2), fence=3)
SCHEDULE = (timedelta(seconds=5), timedelta(minutes=5))
TIMEOUT = NotSent(Fault.RECEIVER, "timeout")


def claimed(*, in_round: int = 0, event_type: str = EventType.APPROVED) -> ClaimedDelivery:
    event = Event(7, UUID(int=4), event_type, NOW, "demo", UUID(int=5), 1, EventBody())
    return ClaimedDelivery(LEASE, event, attempts=in_round + 20, in_round=in_round, changed_at=NOW)


def after(
    sent: Answer | NotSent, *, in_round: int = 0, event_type: str = EventType.APPROVED, chance: float = 0.5
) -> EndedAttempt:
    judged = judge(sent)
    attempt = attempt_of(in_round + 1, sent, judged, at=NOW, ms=12)
    delivery = claimed(in_round=in_round, event_type=event_type)
    return ended(delivery, attempt, judged, now=NOW, chance=chance, schedule=SCHEDULE)


def test_an_attempt_keeps_what_the_receiver_answered() -> None:
    answer = Answer(500, head=b"out of order")
    assert attempt_of(2, answer, judge(answer), at=NOW, ms=31) == Attempt(
        k=2, at=NOW, ms=31, status=500, fault=Fault.RECEIVER, error="status_500", answer=b"out of order"
    )


def test_an_attempt_without_an_answer_keeps_the_fault_and_no_status() -> None:
    sent = NotSent(Fault.DNS, "dns")
    assert attempt_of(1, sent, judge(sent), at=NOW, ms=5) == Attempt(
        k=1, at=NOW, ms=5, status=None, fault=Fault.DNS, error="dns", answer=b""
    )


def test_a_success_ends_the_delivery_without_an_error() -> None:
    end = after(Answer(204))
    assert (end.lease, end.state, end.at) == (LEASE, DeliveryState.DELIVERED, NOW)
    assert (end.due_at, end.error, end.verdict) == (None, None, Verdict.DELIVERED)
    assert not end.counts_against_receiver
    assert not end.is_exhausted


@pytest.mark.parametrize(("in_round", "pause"), list(enumerate(SCHEDULE)))
def test_a_failure_waits_for_the_pause_of_its_place_in_the_round(in_round: int, pause: timedelta) -> None:
    """The attempts before a redelivery do not count: `attempts` is always greater than the schedule here."""
    end = after(TIMEOUT, in_round=in_round)
    assert (end.state, end.due_at) == (DeliveryState.PENDING, NOW + pause)
    assert (end.error, end.counts_against_receiver, end.is_exhausted) == ("timeout", True, False)


@pytest.mark.parametrize(("chance", "seconds"), [(0, 4.5), (1, 5.5)])
def test_the_pause_has_jitter(chance: float, seconds: float) -> None:
    assert after(TIMEOUT, chance=chance).due_at == NOW + timedelta(seconds=seconds)


def test_a_throttling_receiver_gets_the_pause_that_it_asks_for() -> None:
    wish = timedelta(minutes=2)
    assert after(Answer(429, retry_after=wish)).due_at == NOW + wish
    assert after(Answer(500, retry_after=wish)).due_at == NOW + SCHEDULE[0]


def test_the_last_failure_of_the_schedule_fails_the_delivery_and_is_told() -> None:
    end = after(Answer(500), in_round=len(SCHEDULE))
    assert (end.state, end.due_at, end.error) == (DeliveryState.FAILED, None, "status_500")
    assert end.is_exhausted


def test_the_end_of_an_exhaustion_event_is_not_told_by_another_one() -> None:
    end = after(TIMEOUT, in_round=len(SCHEDULE), event_type=EventType.DELIVERY_EXHAUSTED)
    assert end.state is DeliveryState.FAILED
    assert not end.is_exhausted


def test_a_receiver_that_is_gone_gets_no_retry_and_nothing_is_exhausted() -> None:
    end = after(Answer(410))
    assert (end.state, end.due_at, end.verdict) == (DeliveryState.FAILED, None, Verdict.GONE)
    assert not end.is_exhausted


@pytest.mark.parametrize("fault", [Fault.DNS, Fault.PROXY, Fault.OURS])
def test_another_ones_fault_is_retried_and_does_not_count_against_the_receiver(fault: Fault) -> None:
    end = after(NotSent(fault, "word"))
    assert (end.state, end.counts_against_receiver) == (DeliveryState.PENDING, False)


@pytest.mark.parametrize("word", list(EndWord))
def test_a_delivery_that_is_not_made_any_more_fails_with_its_word(word: EndWord) -> None:
    end = ended_without_attempt(claimed(), word, now=NOW)
    assert end == EndedAttempt(LEASE, DeliveryState.FAILED, NOW, error=word)
    assert (end.attempt, end.verdict, end.counts_against_receiver) == (None, None, False)
