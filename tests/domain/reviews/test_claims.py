"""Claims: one person at a time, ended by time, fence, another's take-over or the person itself."""

from datetime import datetime, timedelta

import pytest

from domain.reviews import claims
from domain.reviews.case import LEASE, CaseState, Priority, ReviewCase, Reviewer
from domain.reviews.conclusion import approve, propose
from domain.reviews.errors import (
    CaseClosed,
    ClaimedByAnother,
    ConclusionRefused,
    LeaseLost,
    NotClaimed,
    SamePerson,
    SeniorRequired,
    WrongState,
)
from domain.reviews.history import CaseEvent, apply
from tests.domain.reviews.cases import APPROVAL, CHEN, LI_NA, NOW, REJECTION, WANG, a_case

LATER = NOW + LEASE


def after(case: ReviewCase, event: CaseEvent | None) -> ReviewCase:
    assert event is not None
    return apply(case, event)


def claimed(case: ReviewCase | None = None, who: Reviewer = LI_NA) -> ReviewCase:
    case = case or a_case()
    return after(case, claims.claim(case, who, NOW))


def proposed() -> ReviewCase:
    case = claimed()
    return after(case, propose(case, LI_NA, NOW, APPROVAL, fence=1, evidence_hash="1"))


def test_one_person_has_a_case_until_the_lease_ends() -> None:
    case = claimed()
    with pytest.raises(ClaimedByAnother) as refused:
        claims.claim(case, WANG, NOW)
    assert (refused.value.name, refused.value.lease_until) == ("person:li.na", LATER)
    assert claims.claim(case, LI_NA, NOW) is None
    assert after(case, claims.claim(case, WANG, LATER)).fence == 2


def test_a_renewal_prolongs_the_lease_and_nothing_else() -> None:
    case = claimed()
    renewed = claims.renewed(case, NOW + timedelta(minutes=5))
    assert renewed.claim is not None
    assert renewed.claim.lease_until == NOW + timedelta(minutes=15)
    assert (renewed.seq, renewed.fence) == (case.seq, case.fence)
    with pytest.raises(LeaseLost):
        claims.renewed(case, LATER)


@pytest.mark.parametrize(
    ("case", "who", "now", "fence", "error"),
    [
        (a_case(), LI_NA, NOW, None, NotClaimed),
        (claimed(), LI_NA, LATER, None, LeaseLost),
        (claimed(), LI_NA, LATER, 1, LeaseLost),
        (claimed(), LI_NA, NOW, 0, LeaseLost),
        (claimed(), LI_NA, NOW, 2, LeaseLost),
        (claimed(), WANG, NOW, None, ClaimedByAnother),
        (claimed(), WANG, NOW, 1, ClaimedByAnother),
        (after(claimed(), claims.lapse(claimed(), LATER)), LI_NA, LATER, 1, LeaseLost),
        (after(claimed(), claims.take_over(claimed(), WANG, NOW)), LI_NA, NOW, 1, LeaseLost),
        (a_case(state=CaseState.CLOSED), LI_NA, NOW, None, CaseClosed),
    ],
)
def test_who_does_not_hold_a_case_changes_nothing(
    case: ReviewCase, who: Reviewer, now: datetime, fence: int | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        claims.release(case, who, now, fence=fence)
    with pytest.raises(error):
        propose(case, who, now, REJECTION, fence=fence, evidence_hash="1")


def test_a_senior_takes_a_case_over() -> None:
    with pytest.raises(SeniorRequired):
        claims.take_over(claimed(), LI_NA, NOW)
    case = after(claimed(), claims.take_over(claimed(), WANG, NOW))
    assert case.claim is not None
    assert (case.claim.person_id, case.fence) == (WANG.person_id, 2)


def test_a_proposed_case_is_for_another_senior() -> None:
    with pytest.raises(SamePerson):
        claims.claim(proposed(), LI_NA, NOW)
    with pytest.raises(SeniorRequired):
        claims.claim(proposed(), Reviewer(CHEN.person_id, CHEN.name), NOW)
    assert claimed(proposed(), WANG).state is CaseState.PROPOSED


def test_a_snooze_ends_at_its_time() -> None:
    until = NOW + timedelta(hours=1)
    case = after(claimed(), claims.snooze(claimed(), LI_NA, NOW, until=until, fence=1))
    assert (case.state, case.claim, case.snoozed_until) == (CaseState.SNOOZED, None, until)
    assert claims.wake(case, NOW) is None
    woken = after(case, claims.wake(case, until))
    assert (woken.state, woken.snoozed_until) == (CaseState.OPEN, None)
    assert claimed(case, WANG).state is CaseState.OPEN


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(days=30, seconds=1)])
def test_a_snooze_has_bounds(wait: timedelta) -> None:
    with pytest.raises(ConclusionRefused):
        claims.snooze(claimed(), LI_NA, NOW, until=NOW + wait, fence=None)


def test_a_proposed_case_cannot_be_put_off() -> None:
    case = claimed(proposed(), WANG)
    with pytest.raises(WrongState):
        claims.snooze(case, WANG, NOW, until=LATER, fence=None)


def test_an_overdue_case_rises_until_it_is_urgent() -> None:
    case, now = a_case(), NOW
    assert claims.escalate(case, now) is None
    for priority in (Priority.HIGH, Priority.URGENT):
        now += timedelta(hours=4)
        assert case.is_overdue(now)
        case = after(case, claims.escalate(case, now))
        assert case.priority is priority
    assert case.escalate_at is None
    assert claims.escalate(case, now + timedelta(days=9)) is None


def test_nothing_follows_the_end() -> None:
    case = claimed(proposed(), WANG)
    case = after(case, approve(case, WANG, NOW, fence=None, evidence_hash="1"))
    assert (case.state, case.closed_at, case.claim) == (CaseState.CLOSED, NOW, None)
    for attempt in (claims.claim, claims.take_over):
        with pytest.raises(CaseClosed):
            attempt(case, WANG, NOW)
    assert claims.lapse(case, LATER) is claims.wake(case, LATER) is claims.escalate(case, LATER) is None
    assert not case.is_overdue(NOW + timedelta(days=9))
