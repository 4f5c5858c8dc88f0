"""An endpoint selects events by type and outcome."""

import pytest

from domain.events.event import EventType
from domain.events.webhooks.endpoint import EndpointSettings
from domain.events.webhooks.selection import SELECTABLE, matching_types, selects
from domain.model import Outcome


def of(*types: str, outcomes: tuple[Outcome, ...] | None = None) -> EndpointSettings:
    return EndpointSettings(url="https://shop.example/", types=types, outcomes=outcomes)


def test_a_star_matches_every_type_but_that_of_tests() -> None:
    assert matching_types(["*"]) == SELECTABLE == set(EventType) - {EventType.TEST}


def test_a_star_behind_a_dot_matches_the_types_of_one_subject() -> None:
    assert matching_types(["policy.*", "dead_letter.*"]) == {
        EventType.POLICY_ACTIVATED,
        EventType.DEAD_LETTER_CREATED,
    }


@pytest.mark.parametrize("pattern", ["verification.approve?", "verification.[a]pproved", "Policy.activated"])
def test_only_the_star_is_a_wildcard(pattern: str) -> None:
    assert matching_types([pattern]) == frozenset()


def test_an_outcome_selects_among_events_that_have_one() -> None:
    doubtful = of("verification.*", outcomes=(Outcome.REVIEW, Outcome.REJECTED))
    assert selects(doubtful, EventType.REVIEW, Outcome.REVIEW)
    assert not selects(doubtful, EventType.APPROVED, Outcome.APPROVED)
    assert selects(doubtful, EventType.EXPIRED, None)
    assert not selects(doubtful, EventType.POLICY_ACTIVATED, None)


def test_the_outcome_of_a_review_is_the_effective_one() -> None:
    approved = of("verification.reviewed", outcomes=(Outcome.APPROVED,))
    assert selects(approved, EventType.REVIEWED, Outcome.APPROVED)
    assert not selects(approved, EventType.REVIEWED, Outcome.REJECTED)
