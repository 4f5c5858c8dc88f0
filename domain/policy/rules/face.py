"""The rule about the face: the comparisons that count reach the approve level."""

import math
from typing import Final

from domain.callback.parts import AUTOMATIC, LIVE_COMPARISONS
from domain.policy.facts.facts import ComparisonFacts, Facts
from domain.policy.file.config import PolicyConfig
from domain.policy.reasons import Code, Reason
from domain.policy.rules.findings import Finding, Findings

_LIVE_FACE: Final = 2
"""The edition (`facts.EDITION`) since which approval needs a comparison of the live face."""

_SEVERITY: Final = {"reject": 2, "review": 1, "ignore": 0}
_NOT_LIVE: Final = Reason(Code.FACE_MISSING, "no comparison of the live face")


def face(facts: Facts, config: PolicyConfig) -> Findings:
    """The comparisons that count reach the approve level, and one of them is of the live face."""
    table, comparisons = config.face, facts.comparisons
    names = _counting(comparisons) if table.comparisons == "auto" else table.comparisons
    if not names:
        yield table.missing, Reason(Code.FACE_MISSING, "several comparisons" if comparisons else "")
        return
    trusted = AUTOMATIC if table.comparisons == "auto" else LIVE_COMPARISONS
    lacking = (table.missing, _NOT_LIVE)
    strict = facts.edition >= _LIVE_FACE
    each = {name: tuple(_one_face(name, comparisons.get(name), config)) for name in names}
    if table.need == "any":
        each = {n: found if n in trusted or not strict else (*found, lacking) for n, found in each.items()}
        yield from min(each.values(), key=_worst)
        return
    for findings in each.values():
        yield from findings
    if strict and trusted.isdisjoint(names):
        yield lacking


def _counting(comparisons: dict[str, ComparisonFacts]) -> tuple[str, ...]:
    """result_faceid; without it, the only comparison in the payload."""
    if "result_faceid" in comparisons:
        return ("result_faceid",)
    return tuple(comparisons) if len(comparisons) == 1 else ()


def _one_face(name: str, comparison: ComparisonFacts | None, config: PolicyConfig) -> Findings:
    table = config.face
    if comparison is None:
        yield table.missing, Reason(Code.FACE_MISSING, name)
        return
    score, thresholds = comparison.confidence, comparison.thresholds
    approve, review = thresholds.get(table.approve_level), thresholds.get(table.review_level)
    if not _is_score(score):
        yield table.missing, Reason(Code.FACE_MISSING, f"{name}: confidence {score:g} is no score")
    elif review is not None and _is_score(review) and score < review:
        yield "reject", _below(name, score, review, table.review_level)
    elif approve is None or not _is_score(approve):
        yield table.missing, Reason(Code.FACE_LEVEL_MISSING, f"{name}: no {table.approve_level}")
    elif score < approve:
        yield "review", _below(name, score, approve, table.approve_level)
    elif score < table.min_confidence:
        yield "review", _below(name, score, table.min_confidence, "min_confidence")


def _below(name: str, score: float, bound: float, meaning: str) -> Reason:
    where = "" if name == "result_faceid" else f"{name}: "
    return Reason(Code.FACE_BELOW_THRESHOLD, f"{where}{score:g} < {bound:g} ({meaning})")


def _worst(findings: tuple[Finding, ...]) -> int:
    return max((_SEVERITY[action] for action, _ in findings), default=-1)


def _is_score(value: float) -> bool:
    return math.isfinite(value) and 0 <= value <= 100
