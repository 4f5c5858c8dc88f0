"""docs/review.md lists every reason for what it may be used."""

from pathlib import Path

import pytest

from domain.reviews.case import Because
from domain.reviews.reasons import REASONS_FOR, REASONS_TO_CLOSE, TEXTS, ReviewReason

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("reason", ReviewReason)
def test_every_reason_is_documented(reason: ReviewReason) -> None:
    uses = [outcome.value for outcome, reasons in REASONS_FOR.items() if reason in reasons]
    uses += ["close"] if reason in REASONS_TO_CLOSE else []
    english, chinese = TEXTS[reason]
    head = f"| `{reason}` | {', '.join(uses)} |"
    assert f"{head} {english} | {chinese} |" in (DOCS / "review.md").read_text("utf-8")
    assert f"{head} {chinese} |" in (DOCS / "review.zh.md").read_text("utf-8")


@pytest.mark.parametrize("because", Because)
def test_every_cause_of_a_case_is_documented(because: Because) -> None:
    for page in ("review.md", "review.zh.md"):
        assert f"| `{because}` |" in (DOCS / page).read_text("utf-8")
