"""The hash over what is shown: each part changes it, and two hashes tell which part changed."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.facts.facts import Disagreement
from domain.policy.reasons import Code, Reason
from domain.policy.rules.rules import RuleRun
from domain.reviews.evidence_hash import (
    Document,
    EarlierReview,
    ShownEvidence,
    changed_parts,
    evidence_hash,
)
from tests.domain.reviews.cases import NOW, shown

BEFORE = shown()
LATER = NOW + timedelta(seconds=1)
REVIEW = EarlierReview(1, Outcome.REJECTED, ("other",), "person:li.na", None, NOW)
CALLBACK = Document("notify", "ab", NOW)


def decided(**changes: Any) -> ShownEvidence:
    return replace(BEFORE, decision=replace(BEFORE.decision, **changes))


def proven(**changes: Any) -> ShownEvidence:
    return decided(evidence=replace(BEFORE.decision.evidence, **changes))


FACTS = BEFORE.decision.evidence.callback
assert FACTS is not None

CHANGES = [
    ("facts", proven(callback=replace(FACTS, liveness="FAIL"))),
    ("facts", proven(result=replace(FACTS, liveness="FAIL"))),
    ("facts", proven(result=None)),
    ("facts", proven(callback=None)),
    ("reasons", proven(unconfirmed=Reason(Code.RESULT_EXPIRED))),
    ("reasons", decided(outcome=Outcome.REJECTED)),
    ("reasons", decided(basis=Basis.RESULT)),
    ("reasons", decided(reasons=())),
    ("reasons", decided(reasons=(Reason(Code.CONFIRMATION_UNAVAILABLE, "x"),))),
    ("reasons", decided(mode=ConfirmationMode.OFF)),
    ("policy", replace(BEFORE, policy_hash="i")),
    ("documents", replace(BEFORE, documents=(CALLBACK,))),
    ("reviews", replace(BEFORE, reviews=(REVIEW,))),
    ("reviews", replace(BEFORE, proposal=("approved", ("other",)))),
]


@pytest.mark.parametrize(("part", "after"), CHANGES)
def test_each_part_changes_the_hash(part: str, after: ShownEvidence) -> None:
    assert evidence_hash(after) != evidence_hash(BEFORE)
    assert changed_parts(evidence_hash(BEFORE), after) == (part,)


@pytest.mark.parametrize(
    "change", [{"kind": "return"}, {"digest": "cd"}, {"at": LATER}, {"state": "unknown"}]
)
def test_each_member_of_a_document_changes_it(change: dict[str, Any]) -> None:
    one = replace(BEFORE, documents=(CALLBACK,))
    other = replace(BEFORE, documents=(replace(CALLBACK, **change),))
    assert changed_parts(evidence_hash(one), other) == ("documents",)


def test_rules_and_disagreements_change_it() -> None:
    for after in (
        decided(rules=(RuleRun("face", "passed", ()),)),
        decided(disagreements=(Disagreement("liveness", "PASS", "FAIL"),)),
    ):
        assert changed_parts(evidence_hash(BEFORE), after) == ("reasons",)


def test_the_order_of_documents_and_reviews_does_not_matter() -> None:
    documents = (CALLBACK, replace(CALLBACK, digest="cd"))
    reviews = (REVIEW, replace(REVIEW, n=2))
    one = replace(BEFORE, documents=documents, reviews=reviews)
    other = replace(BEFORE, documents=documents[::-1], reviews=reviews[::-1])
    assert evidence_hash(one) == evidence_hash(other)


def test_the_same_evidence_has_no_changed_part() -> None:
    assert changed_parts(evidence_hash(BEFORE), shown()) == ()


@pytest.mark.parametrize("forged", ["", "1", "no hash", "2-a-b-c-d-e", "1-a-b-c-d-e-f", "1-a-b-c-d"])
def test_a_forged_hash_differs_in_every_part(forged: str) -> None:
    assert changed_parts(forged, BEFORE) == ("facts", "reasons", "policy", "documents", "reviews")
