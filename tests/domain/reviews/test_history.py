"""The state of a case is the replay of its events, whatever happens in whatever order."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from domain.model import Outcome
from domain.reviews import claims, conclusion
from domain.reviews.case import CaseState, ReviewCase, Reviewer, Shown
from domain.reviews.errors import ReviewRefused
from domain.reviews.history import CLOSING, CaseEvent, Kind, apply, replay
from tests.domain.reviews.cases import APPROVAL, EVERYONE, LI_NA, NOW, REJECTION, WANG, a_case, first_event

Move = Callable[[Random, ReviewCase, Reviewer, int], CaseEvent | None]


def move(random: Random, case: ReviewCase, who: Reviewer, minutes: int) -> CaseEvent | None:
    """Something that a person or a sweep may try."""
    now = NOW + timedelta(minutes=minutes)
    fence = random.choice([None, case.fence, case.fence - 1])
    until = now + timedelta(minutes=random.randint(1, 300))
    tries: list[Callable[[], CaseEvent | None]] = [
        lambda: claims.claim(case, who, now),
        lambda: claims.claim(case, who, now),
        lambda: claims.take_over(case, who, now),
        lambda: claims.release(case, who, now, fence=fence),
        lambda: claims.snooze(case, who, now, until=until, fence=fence),
        lambda: conclusion.propose(case, who, now, APPROVAL, fence=fence, evidence_hash="1"),
        lambda: conclusion.propose(case, who, now, REJECTION, fence=fence, evidence_hash="1"),
        lambda: conclusion.approve(case, who, now, fence=fence, evidence_hash="1"),
        lambda: conclusion.return_(case, who, now, note=None, fence=fence),
        lambda: conclusion.close(case, who, now, reasons=("duplicate",), fence=fence),
        lambda: claims.lapse(case, now),
        lambda: claims.wake(case, now),
        lambda: claims.escalate(case, now),
    ]
    return random.choice(tries)()


def test_the_replay_of_a_thousand_random_histories_is_the_state() -> None:
    for seed in range(1000):
        check_history(Random(seed))


def check_history(random: Random) -> None:
    case = a_case(four_eyes=random.choice([(), (Outcome.APPROVED,), (Outcome.APPROVED, Outcome.REJECTED)]))
    events, minutes = [first_event(case)], 0
    for _ in range(60):
        minutes += random.choice([0, 1, 5, 11, 60])
        try:
            event = move(random, case, random.choice(EVERYONE), minutes)
        except ReviewRefused:
            continue
        if event is not None:
            case = apply(case, event)
            events.append(event)
    assert replay(case, events) == case
    check(case, events)


def check(case: ReviewCase, events: list[CaseEvent]) -> None:
    """What holds of every history."""
    closing = [event for event in events if event.kind in CLOSING]
    assert len(closing) == (case.state is CaseState.CLOSED)
    assert closing == events[-1:] or not closing
    fences = [event.detail.fence for event in events if event.detail.fence is not None]
    assert fences == list(range(1, case.fence + 1))
    proposer = None
    for event in events:
        if event.kind is Kind.PROPOSED:
            proposer = event.person_id
        if event.kind is Kind.APPROVED:
            assert proposer not in (None, event.person_id)


def test_an_event_out_of_turn_is_refused() -> None:
    case = a_case()
    event = claims.claim(case, LI_NA, NOW)
    assert event is not None
    with pytest.raises(ValueError, match="does not follow"):
        apply(apply(case, event), event)


def test_a_claimed_case_is_shown_as_claimed_until_its_lease_ends() -> None:
    case = a_case()
    event = claims.claim(case, WANG, NOW)
    assert event is not None
    claimed = apply(case, event)
    assert claimed.shown_state(NOW) is Shown.CLAIMED
    assert claimed.shown_state(NOW + timedelta(minutes=10)) is Shown.OPEN
