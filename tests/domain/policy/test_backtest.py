"""A backtest counts the changes and changes nothing; the curve counts who reaches each level."""

from collections.abc import Iterable

import pytest

from domain.model import ConfirmationMode, Outcome
from domain.policy.backtest import KEPT, Backtest, Transition, backtest
from domain.policy.curve import Curve
from domain.policy.decide import decide
from domain.policy.evidence import Evidence
from domain.policy.explanation import DecidedFacts, recompute
from domain.policy.facts.facts import Facts, Velocity
from domain.policy.reasons import Code, Reason
from tests.support.payloads.callbacks import THRESHOLDS, compared, default_policy, passing_facts, policy_with

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
STRICT = policy_with(face={"approve_level": "1e-6"})
BELOW_1E6, PASSING = 76.0, 91.327


def decided(
    n: int, confidence: float = PASSING, *, result: Facts | None = None, status: str = "OK"
) -> DecidedFacts:
    """Facts decided by the default policy; without `result` the callback was confirmed."""
    facts = passing_facts(comparisons=compared(confidence), status=status)
    evidence = Evidence(facts, result or facts)
    outcome = decide(evidence, policy=default_policy()).outcome
    return DecidedFacts("demo", f"biz-{n}", outcome, evidence, ConfirmationMode.REQUIRED)


def crossings(stored: Iterable[DecidedFacts]) -> list[tuple[Outcome, Outcome, int]]:
    transitions = backtest(stored, STRICT).transitions
    return [(each.before, each.after, each.verifications) for each in transitions]


def test_its_own_policy_changes_nothing() -> None:
    stored = [decided(1), decided(2, 41), decided(3, 70), decided(4, status="CANCELLED")]
    found = backtest(stored, default_policy())
    assert found.changes == 0
    assert found.changed == ()
    assert found.before == found.after == dict.fromkeys(Outcome, 0.25)


def test_transitions_list_unchanged_outcomes_first_each_by_frequency() -> None:
    stored = [decided(1, 41), *(decided(n) for n in range(2)), *(decided(n, BELOW_1E6) for n in range(3))]
    assert crossings(stored) == [
        (APPROVED, APPROVED, 2),
        (REJECTED, REJECTED, 1),
        (APPROVED, REVIEW, 3),
    ]


def test_rates_are_shares_of_all() -> None:
    found = backtest([decided(1, BELOW_1E6), decided(2), decided(3), decided(4, 41)], STRICT)
    assert found.before == {APPROVED: 0.75, REJECTED: 0.25, REVIEW: 0, INCOMPLETE: 0}
    assert found.after == {APPROVED: 0.5, REJECTED: 0.25, REVIEW: 0.25, INCOMPLETE: 0}


def test_changes_are_listed_with_the_new_reasons() -> None:
    [change] = backtest([decided(1), decided(2, BELOW_1E6)], STRICT).changed
    assert (change.app_id, change.biz_id, change.before, change.after) == ("demo", "biz-2", APPROVED, REVIEW)
    assert change.reasons == ("face.below_threshold",)


def test_it_keeps_the_first_changes_and_counts_all() -> None:
    found = backtest((decided(n, BELOW_1E6) for n in range(9)), STRICT, keep=2)
    assert [change.biz_id for change in found.changed] == ["biz-0", "biz-1"]
    assert found.changes == 9


def test_portions_add_up_to_the_whole() -> None:
    stored = [decided(n, 40 + 10 * n) for n in range(6)]
    test = Backtest(STRICT)
    for start in range(0, 6, 2):
        test.add(stored[start : start + 2])
    assert test.compare() == backtest(stored, STRICT)


def test_nothing_stored_is_no_division_by_zero() -> None:
    found = backtest([], STRICT)
    assert (found.verifications, found.changes, found.transitions) == (0, 0, ())
    assert found.before == found.after == dict.fromkeys(Outcome, 0.0)


def test_the_mode_and_the_reason_of_that_day_are_kept() -> None:
    why = Reason(Code.RESULT_EXPIRED, "RESULT_NOT_FOUND")
    lost = DecidedFacts(
        "demo", "biz", REVIEW, Evidence(passing_facts(), unconfirmed=why), ConfirmationMode.REQUIRED
    )
    lenient = policy_with(confirmation={"mode": "off"})
    assert recompute(lost, lenient).reasons == (why,)
    assert backtest([lost], lenient).transitions == (Transition(REVIEW, REVIEW, 1),)


def test_a_result_alone_is_decided_again_and_counted() -> None:
    facts = passing_facts(comparisons=compared(BELOW_1E6))
    alone = DecidedFacts("demo", "biz", APPROVED, Evidence(result=facts), ConfirmationMode.REQUIRED)
    assert backtest([alone], STRICT).transitions == (Transition(APPROVED, REVIEW, 1),)
    curve = Curve()
    curve.add([alone])
    assert [point.reached for point in curve.points()] == [1, 1, 1, 0]


@pytest.mark.parametrize(("confidence", "reached"), [(63.9, 0), (64.0, 1), (69.0, 2), (74.0, 3), (79.9, 4)])
def test_curve_reaches_a_level_at_its_threshold(confidence: float, reached: int) -> None:
    curve = Curve()
    curve.add([decided(1, confidence)])
    assert [point.reached for point in curve.points()] == [1] * reached + [0] * (4 - reached)


def test_curve_prefers_the_result_and_counts_missing_thresholds() -> None:
    without = {level: score for level, score in THRESHOLDS.items() if level != "1e-6"}
    result = passing_facts(comparisons=compared(70, without) | compared(99, name="result_ref1"))
    curve = Curve()
    curve.add([decided(1, result=result), decided(2)])
    points = {(point.comparison, point.level): point for point in curve.points()}
    assert points["result_faceid", "1e-4"].share == 1
    assert points["result_faceid", "1e-5"].share == 0.5
    last = points["result_faceid", "1e-6"]
    assert (last.verifications, last.reached, last.unknown) == (2, 1, 1)
    assert points["result_ref1", "1e-6"].verifications == 1


def test_a_count_that_was_not_stored_is_said_to_be_missing() -> None:
    counted = passing_facts(velocity=Velocity(0, 0))
    known = DecidedFacts("demo", "biz-9", APPROVED, Evidence(counted, counted), ConfirmationMode.REQUIRED)
    stored = [decided(1), decided(2), known, decided(3, status="CANCELLED")]
    found = backtest(stored, policy_with(velocity={"max_attempts_24h": 3}))
    assert (found.uncounted, found.changes) == (2, 2)
    assert [change.reasons for change in found.changed] == [("velocity.missing",)] * 2
    assert backtest(stored, STRICT).uncounted == 0


def test_curve_of_nothing_has_no_points() -> None:
    curve = Curve()
    curve.add([])
    assert curve.points() == []


def test_a_backtest_keeps_a_bounded_number_of_changes() -> None:
    reported: list[str] = []
    test = Backtest(STRICT, keep=3, report=lambda change: reported.append(change.biz_id))
    test.add(decided(n, BELOW_1E6) for n in range(500))
    assert len(reported) == 500
    found = test.compare()
    assert (found.changes, [change.biz_id for change in found.changed]) == (500, reported[:3])
    test = Backtest(STRICT)
    test.add(decided(n, BELOW_1E6) for n in range(500))
    assert len(test.compare().changed) == KEPT
