"""Any single change of any value of a full payload: it is decided, by name where need be, and never better.

`--changes N` makes more of them, `--changes-seed` others.
"""

from collections import Counter
from typing import Any, Final

import msgspec
import pytest

from domain.callback.payload import decode_payload
from domain.callback.strict_json import read_members
from domain.errors import UndecodableCallback
from domain.model import ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Facts, extract_facts
from tests.support.payloads.callbacks import Json, default_policy, dump, policy_with
from tests.support.payloads.changes import (
    Change,
    Place,
    changed_tree,
    changes_of,
    full_payload,
    value_at,
    without,
)

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
BADNESS: Final = {APPROVED: 0, REVIEW: 1, INCOMPLETE: 1, REJECTED: 2}
BIZ_ID_PLACES: Final = {("biz_info",), ("biz_info", "biz_id")}
POLICIES: Final = [
    default_policy(),
    policy_with(
        id_card={"expired": "reject", "legality": "reject", "logic": "reject", "quality": "reject"},
        id_exceptions={"id_attacked": "reject", "id_photo_monochrome": "reject"},
        liveness={"max_counts": {"NO_AUDIO": 9, "FACE_BLURRED": 9}},
        genuineness={"missing": "review"},
        face={"comparisons": ["result_faceid", "result_ref1"], "need": "any"},
        will={"require": "always"},
    ),
]


def _facts(tree: Json) -> Facts | None:
    """The facts of a payload as the vendor would send it; None where its biz_id is gone."""
    data = dump(tree)
    read_members(data)
    try:
        return extract_facts(decode_payload(data))
    except UndecodableCallback:
        return None


def _is_odd(value: Any, now: Any) -> bool:
    """Whether a value is of a wrong kind for this member, so that it must count as absent at best."""
    if isinstance(now, (dict, list)):
        return not isinstance(value, (type(now), str))
    return value is None or isinstance(value, (dict, list))


@pytest.fixture(scope="module")
def changes(request: pytest.FixtureRequest) -> list[Change]:
    count, seed = (request.config.getoption(f"--changes{part}") for part in ("", "-seed"))
    return list(changes_of(full_payload(), count=count, seed=seed))


def test_the_full_payload_passes() -> None:
    facts = _facts(full_payload())
    assert facts is not None
    assert (facts.unreadable, facts.repeated, facts.irregular) == ((), (), ())
    for policy in POLICIES:
        assert judge(facts, policy).outcome is APPROVED


def test_any_change_is_decided_and_an_odd_value_is_no_better_than_none(changes: list[Change]) -> None:
    tree = full_payload()
    absent: dict[Place, Facts | None] = {}
    seen: Counter[str] = Counter()
    for change in changes:
        facts = _facts(changed_tree(tree, change))
        if facts is None:
            assert change.place in BIZ_ID_PLACES, change
            continue
        if change.place not in absent:
            absent[change.place] = _facts(without(tree, change.place))
        bound = absent[change.place]
        for policy in POLICIES:
            outcome = judge(facts, policy).outcome
            seen[outcome] += 1
            if bound is not None and _is_odd(change.value, value_at(tree, change.place)):
                assert BADNESS[outcome] >= min(BADNESS[judge(bound, policy).outcome], BADNESS[REVIEW]), change
    assert seen.keys() >= {APPROVED, REJECTED, REVIEW}


def test_no_changed_side_makes_the_pair_better(changes: list[Change]) -> None:
    tree = full_payload()
    good = _facts(tree)
    assert good is not None
    for change in changes[::5]:
        facts = _facts(changed_tree(tree, change))
        if facts is None:
            continue
        alone = judge(facts, default_policy()).outcome
        for callback, result in ((good, facts), (facts, good), (facts, facts)):
            decision = decide(
                Evidence(callback, result), policy=default_policy(), mode=ConfirmationMode.REQUIRED
            )
            assert decision.outcome is not APPROVED or alone is APPROVED, change


def _bad_in(*spoilt: tuple[Place, Any]) -> Json:
    tree = full_payload()
    for place, value in spoilt:
        tree = changed_tree(tree, Change(place, value))
    return tree


SCORES: Final = ("liveness_result", "face_genuineness")
FACE: Final = ("verify_result", "result_faceid")
BAD: Final[list[tuple[Place, Place, Any]]] = [
    (("liveness_result", "result"), (), "FAIL"),
    (SCORES, ("mask_confidence",), 0.9),
    (SCORES, ("face_replaced",), 1),
    (("verify_result", "error_message"), (), "NO_SUCH_ID_NUMBER"),
    (FACE, ("confidence",), 41.2),
    (("will_result", 0, "result"), (), "FAIL"),
]
"""A block that rejects, the member of it that does, and by which value."""


@pytest.mark.parametrize(("block", "member", "value"), BAD)
def test_no_change_elsewhere_hides_a_rejection(
    changes: list[Change], block: Place, member: Place, value: Any
) -> None:
    tree = _bad_in((block + member, value))
    for change in changes[:: 2 * len(BAD)]:
        facts = None if _is_around(block, change.place) else _facts(changed_tree(tree, change))
        if facts is not None:
            assert judge(facts, default_policy()).outcome is REJECTED, change


def _is_around(block: Place, place: Place) -> bool:
    """Whether a change there may take away what the block says. The two blocks of scores are read as one."""
    nested = place[: len(block)] == block or block[: len(place)] == place
    return nested or place == ("status",) or (block == SCORES and place[1:2] == SCORES[1:])


def test_no_single_change_approves_what_is_rejected_for_two_reasons(changes: list[Change]) -> None:
    """Whichever part changes, the other reason stays; only a changed status makes the flow unfinished."""
    tree = _bad_in((("liveness_result", "result"), "FAIL"), ((*FACE, "confidence"), 41.2))
    for change in changes[::5]:
        facts = None if change.place == ("status",) else _facts(changed_tree(tree, change))
        if facts is not None:
            assert judge(facts, default_policy()).outcome is REJECTED, change


def test_a_registered_verification_is_never_better_off(changes: list[Change]) -> None:
    tree = full_payload()
    for change in changes[::5]:
        facts = _facts(changed_tree(tree, change))
        if facts is None:
            continue
        registered = msgspec.structs.replace(facts, registration="match")
        alone = judge(facts, default_policy()).outcome
        assert BADNESS[judge(registered, default_policy()).outcome] >= BADNESS[alone], change
        if facts.irregular or facts.unreadable:
            assert judge(registered, default_policy()).outcome is not APPROVED, change
