"""Decide stored facts with another policy, and compare with the decisions that were made."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from domain.model import Outcome
from domain.policy.decide import Decision
from domain.policy.explanation import DecidedFacts, recompute
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code

KEPT: Final = 100
"""Changes that a backtest keeps by default: a million of them would take a gigabyte."""

Crossing = tuple[Outcome, Outcome]
"""The decided outcome and the candidate's."""


class Transition(msgspec.Struct, frozen=True):
    """How many verifications change from one outcome to another, or keep theirs."""

    before: Outcome
    after: Outcome
    verifications: int


class Change(msgspec.Struct, frozen=True):
    """One verification whose outcome would change, and the codes of the new reasons."""

    app_id: str
    biz_id: str
    before: Outcome
    after: Outcome
    reasons: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True):
    """Two policies on the same verifications.

    `before` and `after`: each outcome's share, 0 to 1. `changed` holds the first changes, `changes` is the
    number of all. `uncounted`: the verifications whose facts lack the count of their ID number, which the
    candidate limits.
    """

    verifications: int
    changes: int
    transitions: tuple[Transition, ...]
    before: dict[Outcome, float]
    after: dict[Outcome, float]
    changed: tuple[Change, ...]
    uncounted: int = 0


class Backtest:
    """Decide stored facts in chunks of any size; keep counts and the first `keep` changes.

    `report` is called with every change, so that a caller can write all of them.
    """

    def __init__(
        self, policy: Policy, *, keep: int = KEPT, report: Callable[[Change], None] | None = None
    ) -> None:
        self._policy = policy
        self._keep = keep
        self._report = report
        self._crossings: Counter[Crossing] = Counter()
        self._changed: list[Change] = []
        self._uncounted = 0

    def add(self, stored: Iterable[DecidedFacts]) -> None:
        """Decide these again."""
        policy, crossings = self._policy, self._crossings
        for facts in stored:
            decision = recompute(facts, policy)
            crossings[facts.outcome, decision.outcome] += 1
            self._uncounted += _lacks_count(decision)
            if decision.outcome is not facts.outcome:
                self._note(facts, decision)

    def compare(self) -> Comparison:
        """The comparison so far."""
        return compare(self._crossings, self._changed, uncounted=self._uncounted)

    def _note(self, facts: DecidedFacts, decision: Decision) -> None:
        if self._report is None and len(self._changed) >= self._keep:
            return
        codes = tuple(reason.code.value for reason in decision.reasons)
        change = Change(facts.app_id, facts.biz_id, facts.outcome, decision.outcome, codes)
        if len(self._changed) < self._keep:
            self._changed.append(change)
        if self._report is not None:
            self._report(change)


def backtest(stored: Iterable[DecidedFacts], policy: Policy, *, keep: int = KEPT) -> Comparison:
    """Compare `policy` on stored facts with the stored decisions."""
    test = Backtest(policy, keep=keep)
    test.add(stored)
    return test.compare()


def compare(
    crossings: Mapping[Crossing, int], changed: Iterable[Change], *, uncounted: int = 0
) -> Comparison:
    """Build the comparison from counts: unchanged outcomes first, each part by frequency."""
    total = sum(crossings.values())
    ordered = sorted(crossings.items(), key=lambda item: (item[0][0] is not item[0][1], -item[1], item[0]))
    return Comparison(
        verifications=total,
        changes=sum(count for (before, after), count in crossings.items() if before is not after),
        transitions=tuple(Transition(before, after, count) for (before, after), count in ordered),
        before=_shares(crossings, 0, total),
        after=_shares(crossings, 1, total),
        changed=tuple(changed),
        uncounted=uncounted,
    )


def _lacks_count(decision: Decision) -> bool:
    return any(reason.code is Code.VELOCITY_MISSING for reason in decision.reasons)


def _shares(crossings: Mapping[Crossing, int], side: int, total: int) -> dict[Outcome, float]:
    counts: Counter[Outcome] = Counter()
    for crossing, count in crossings.items():
        counts[crossing[side]] += count
    return {outcome: counts[outcome] / total if total else 0.0 for outcome in Outcome}
