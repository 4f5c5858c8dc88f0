"""The promise as arithmetic: what the sender, the store and the vendor saw, held against each other."""

from collections.abc import Mapping, Set

import msgspec

WORST: int = 3
"""Calls that the vendor allows per verification."""


class Evidence(msgspec.Struct, frozen=True):
    """What was seen, by biz_id.

    `decisions`: how often a decision was saved. `ledger`: calls on it that may have been sent. `calls`: those
    that reached the vendor; `together`: the most of them at one time.
    """

    acknowledged: Set[str]
    issued: Set[str]
    dead: Set[str]
    decisions: Mapping[str, int]
    ledger: Mapping[str, int]
    calls: Mapping[str, int]
    together: Mapping[str, int]


class Verdict(msgspec.Struct, frozen=True):
    """How far the promise was kept. Every figure but the first three, `most_calls` and `calls` must be 0.

    `ledger_gaps`: verifications with more calls at the vendor than on the ledger; `ledger_excess`: with
    fewer, as after a crash between reservation and call.
    """

    acknowledged: int
    decided: int
    dead: int
    lost: int
    decided_twice: int
    calls: int
    most_calls: int
    over_budget: int
    called_twice: int
    unknown_ids: int
    ledger_gaps: int
    ledger_excess: int
    overlapping: int

    def broken_promises(self) -> dict[str, int]:
        """The figures that must be 0 whatever has died, and are not."""
        names = ("lost", "decided_twice", "over_budget", "unknown_ids", "ledger_gaps", "overlapping")
        return {name: value for name in names if (value := getattr(self, name))}

    def waste(self) -> dict[str, int]:
        """The figures that must be 0 as well where no worker died and the vendor worked, and are not."""
        return {name: value for name in ("called_twice", "ledger_excess") if (value := getattr(self, name))}


def judge(seen: Evidence) -> Verdict:
    """Hold the three accounts against each other."""
    ids = seen.ledger.keys() | seen.calls.keys()
    gaps = {biz_id: seen.calls.get(biz_id, 0) - seen.ledger.get(biz_id, 0) for biz_id in ids}
    return Verdict(
        acknowledged=len(seen.acknowledged),
        decided=sum(1 for count in seen.decisions.values() if count),
        dead=len(seen.dead),
        lost=sum(1 for biz_id in seen.acknowledged if not _kept(seen, biz_id)),
        decided_twice=_count(seen.decisions, above=1),
        calls=sum(seen.calls.values()),
        most_calls=max(seen.calls.values(), default=0),
        over_budget=_count(seen.calls, above=WORST) + _count(seen.ledger, above=WORST),
        called_twice=_count(seen.calls, above=1),
        unknown_ids=len(seen.calls.keys() - seen.issued),
        ledger_gaps=_count(gaps, above=0),
        ledger_excess=sum(1 for gap in gaps.values() if gap < 0),
        overlapping=_count(seen.together, above=1),
    )


def _kept(seen: Evidence, biz_id: str) -> bool:
    return bool(seen.decisions.get(biz_id)) or biz_id in seen.dead


def _count(figures: Mapping[str, int], *, above: int) -> int:
    return sum(1 for figure in figures.values() if figure > above)
