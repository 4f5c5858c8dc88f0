"""What must hold after every step, and what must hold once everything has come to rest."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from domain.callback.payload import decode_payload
from domain.callback.words import is_ended
from domain.model import Basis, Outcome, State
from domain.policy.reasons import Code
from domain.pulls.budget import PULL_LIMIT, PullRules, PullState
from domain.verifications.records import DecisionRecord
from tests.support.memory.servers import Call, Verification
from tests.whole.stateful.sayings import passes
from tests.whole.stateful.world import APPS, World

SPACING = PullRules().spacing


@dataclass
class History:
    """What the outside knows: what was acknowledged (app, digest), which verifications may be asked for,
    every genuine callback that was sent, how often an operator asked for a pull and was not refused, and the
    decisions that were seen, each with the number of calls by then."""

    acknowledged: set[tuple[str, bytes]] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    genuine: dict[str, list[bytes]] = field(default_factory=dict)
    requests: Counter[UUID] = field(default_factory=Counter)
    decided: dict[UUID, tuple[DecisionRecord, int]] = field(default_factory=dict)


def nothing_is_lost(world: World, history: History) -> None:
    """What was acknowledged waits, is recorded, or is a dead letter."""
    batches = [batch.callbacks for batch in world.redis.batches.values()]
    waiting = [each for batch in (*batches, *world.intake.spool.values()) for each in batch]
    recorded = [each.callback for each in world.database.callbacks.values()]
    letters = [letter.callback for letter in world.database.letters.values()]
    kept = {(each.app_id, each.digest) for each in (*waiting, *recorded, *letters)}
    assert history.acknowledged <= kept


def decisions_stand(world: World, history: History) -> None:
    """A decision that was seen once is there, the same, for ever after."""
    decisions = world.database.decisions
    for verification_id, (before, _) in history.decided.items():
        assert decisions[verification_id] is before
    for verification_id in decisions.keys() - history.decided.keys():
        row, decision_record = world.database.verifications[verification_id], decisions[verification_id]
        assert row.state is State.DECIDED
        _has_grounds(world, history, row, decision_record)
        history.decided[row.id] = decision_record, len(_calls(world, row.id))


def _has_grounds(world: World, history: History, row: Verification, decision_record: DecisionRecord) -> None:
    final = world.database.callbacks.get((row.id, row.final_digest or b""))
    assert row.registration is not None or not APPS[row.app_id].require_registration
    assert (decision_record.evidence.callback is None) == (final is None), "what has come is decided on"
    if decision_record.decision.outcome is not Outcome.APPROVED:
        return
    results = [body for biz_id, body in world.vendor.gave if biz_id == row.biz_id]
    callbacks = history.genuine.get(row.biz_id, [])
    grounds = {
        Basis.CONFIRMED: any(map(passes, results)) and any(map(passes, callbacks)),
        Basis.RESULT: any(map(passes, results)) and decision_record.evidence.callback is None,
        Basis.CALLBACK: any(map(passes, callbacks)) and row.app_id == "quick",
    }
    assert grounds[decision_record.decision.basis]
    if row.registration is not None and final is not None:
        assert decode_payload(final.callback.data).biz_no == row.biz_no, "it is about the registered order"


def _calls(world: World, verification_id: UUID) -> list[Call]:
    return [call for (owner, _), call in world.database.pulls.items() if owner == verification_id]


def budget_holds(world: World, history: History) -> None:
    """Three calls at most, each reserved before it is sent, none soon after another; strangers cost none."""
    assert set(world.vendor.asked) <= history.known
    for row in world.database.verifications.values():
        calls = _calls(world, row.id)
        spent = [call for call in calls if call.state is not PullState.NOT_SENT]
        assert world.vendor.asked.count(row.biz_id) <= len(spent) <= len(calls) <= PULL_LIMIT
        starts = sorted(call.started_at for call in spent)
        gaps = [later - earlier for earlier, later in pairwise(starts)]
        assert min(gaps, default=timedelta.max) >= SPACING
        if row.id in history.decided:
            since = len(calls) - history.decided[row.id][1]
            assert since <= history.requests[row.id], "what is decided is asked for on request alone, once"


def no_result_is_given_up_unasked(world: World, history: History) -> None:
    """A decision that needs a result and has none: every call was made, or the vendor keeps it no more."""
    for verification_id, (decision_record, _) in history.decided.items():
        row = world.database.verifications[verification_id]
        if row.app_id == "quick" or row.vendor_status != "OK" or decision_record.evidence.unconfirmed is None:
            continue
        if decision_record.evidence.unconfirmed.code is Code.RESULT_EXPIRED:
            continue
        calls = _calls(world, verification_id)
        words = {call.end.answer.error for call in calls if call.end}
        spent = [call for call in calls if call.state is not PullState.NOT_SENT]
        assert len(spent) == PULL_LIMIT or "DATA_DESTROYED" in words


def no_defect_is_swallowed(world: World, _history: History) -> None:
    """No catch-all met anything but a server that was away."""
    assert world.defects == []


ALWAYS = (
    nothing_is_lost,
    decisions_stand,
    budget_holds,
    no_result_is_given_up_unasked,
    no_defect_is_swallowed,
)


def everything_is_decided(world: World) -> None:
    """At rest: nothing waits, and every verification has come to the end that it can have."""
    assert not world.processes
    assert not world.redis.batches
    assert not world.intake.spool
    for row in world.database.verifications.values():
        if row.held:
            continue
        assert row.asked_at is None, "an operator's request is answered"
        if row.final_digest is not None:
            assert row.state is State.DECIDED
        elif row.registration is not None:
            assert row.state in {State.DECIDED, State.EXPIRED}


def one_call_is_enough(world: World) -> None:
    """At rest, where nothing went wrong: one call for each verification whose flow has ended by a message.

    A user who comes back before the end may cost one more.
    """
    for row in world.database.verifications.values():
        if row.final_digest is not None and row.returned_at is None:
            wanted = 1 if is_ended(row.vendor_status) and not row.held else 0
            assert world.vendor.asked.count(row.biz_id) == wanted
