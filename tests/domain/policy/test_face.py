"""When a face counts as the right one: which comparison, which level, which floor."""

from math import inf, nan

import pytest

from domain.model import Outcome
from tests.support.payloads.callbacks import THRESHOLDS, Json, compared, judged, passing_facts

APPROVED, REJECTED, REVIEW, _ = Outcome


BELOW, LEVEL, MISSING = "face.below_threshold", "face.level_missing", "face.missing"
LOWERED = {"1e-3": 1.0, "1e-5": 2.0}


@pytest.mark.parametrize(
    ("confidence", "thresholds", "outcome", "code"),
    [
        pytest.param(74.0, THRESHOLDS, APPROVED, None, id="equal-to-approve-level"),
        pytest.param(73.999, THRESHOLDS, REVIEW, BELOW, id="just-below-approve-level"),
        pytest.param(64.0, THRESHOLDS, REVIEW, BELOW, id="equal-to-reject-level"),
        pytest.param(63.999, THRESHOLDS, REJECTED, BELOW, id="just-below-reject-level"),
        pytest.param(0.0, THRESHOLDS, REJECTED, BELOW, id="zero"),
        pytest.param(100.0, THRESHOLDS, APPROVED, None, id="hundred"),
        pytest.param(60.0, LOWERED, APPROVED, None, id="equal-to-floor"),
        pytest.param(59.999, LOWERED, REVIEW, BELOW, id="lowered-thresholds-do-not-pass-the-floor"),
        pytest.param(99.0, {}, REVIEW, LEVEL, id="no-thresholds"),
        pytest.param(99.0, {"1e-3": 64.0, "1e-4": 69.0}, REVIEW, LEVEL, id="approve-level-missing"),
        pytest.param(60.0, {"1e-3": 64.0}, REJECTED, BELOW, id="below-reject-level-approve-level-missing"),
        pytest.param(99.0, {"1e-5": 74.0}, APPROVED, None, id="reject-level-missing"),
        pytest.param(73.0, {"1e-5": 74.0}, REVIEW, BELOW, id="reject-level-missing-below-approve"),
        pytest.param(99.0, THRESHOLDS | {"1e-5": nan}, REVIEW, LEVEL, id="approve-level-nan"),
        pytest.param(99.0, THRESHOLDS | {"1e-5": -inf}, REVIEW, LEVEL, id="approve-level-infinite"),
        pytest.param(99.0, THRESHOLDS | {"1e-5": -1.0}, REVIEW, LEVEL, id="approve-level-negative"),
        pytest.param(99.0, THRESHOLDS | {"1e-5": 101.0}, REVIEW, LEVEL, id="approve-level-over-100"),
        pytest.param(70.0, THRESHOLDS | {"1e-3": 101.0}, REVIEW, BELOW, id="reject-level-no-score"),
        pytest.param(nan, THRESHOLDS, REVIEW, MISSING, id="confidence-nan"),
        pytest.param(inf, THRESHOLDS, REVIEW, MISSING, id="confidence-infinite"),
        pytest.param(-0.1, THRESHOLDS, REVIEW, MISSING, id="confidence-negative"),
        pytest.param(100.1, THRESHOLDS, REVIEW, MISSING, id="confidence-over-100"),
    ],
)
def test_face(confidence: float, thresholds: dict[str, float], outcome: Outcome, code: str | None) -> None:
    facts = passing_facts(comparisons=compared(confidence, thresholds))
    assert judged(facts) == (outcome, [code] if code else [])


@pytest.mark.parametrize(
    ("comparisons", "outcome", "codes"),
    [
        pytest.param({}, REVIEW, [MISSING], id="none"),
        pytest.param(compared(91.0, name="result_ref1"), APPROVED, [], id="own-picture-alone"),
        pytest.param(compared(41.0, name="result_ref1"), REJECTED, [BELOW], id="own-picture-alone-differs"),
        pytest.param(
            compared(91.0, name="result_ref1") | compared(91.0, name="result_idcard_photo"),
            REVIEW,
            [MISSING],
            id="several-without-the-authority",
        ),
        pytest.param(
            compared(41.0) | compared(91.0, name="result_ref1"), REJECTED, [BELOW], id="the-authority-counts"
        ),
        pytest.param(
            compared(91.0, name="result_ref1") | compared(91.0), APPROVED, [], id="the-authority-and-another"
        ),
    ],
)
def test_which_comparison_counts(comparisons: Json, outcome: Outcome, codes: list[str]) -> None:
    assert judged(passing_facts(comparisons=comparisons)) == (outcome, codes)
