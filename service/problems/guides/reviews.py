"""Problems of review cases."""

from typing import Final

from service.problems.guides.guide import Guide

REVIEWS: Final = {
    "claimed_by_another": Guide(
        "api",
        "Another person has claimed the case: `by` says who, `lease_until` until when at least.",
        "Take another case (`POST /v1/reviews/next`), or wait until then.",
    ),
    "not_claimed": Guide("api", "The case is open, and you have not claimed it.", "Claim it first."),
    "lease_lost": Guide(
        "api",
        "Your claim has ended: its ten minutes are over, someone took the case over, or `fence` names an "
        "older claim.",
        "Claim the case again and look at the evidence: it may have changed.",
    ),
    "evidence_changed": Guide(
        "api",
        "The evidence differs from what `evidence_hash` was made of. `changed` names the parts: `facts`, "
        "`reasons`, `policy`, `documents` (a callback or a result came), `reviews`.",
        "Read the case again and decide on what it shows now.",
    ),
    "case_closed": Guide("api", "The case was concluded or closed.", "Nothing is left to do."),
    "wrong_state": Guide(
        "api",
        "A conclusion is proposed already, or none is proposed that could be approved or returned.",
        "Read the case again.",
    ),
    "same_person": Guide(
        "api",
        "You proposed this conclusion, or concluded what a second look is about; another session or token of "
        "yours does not help.",
        "Leave the case to another person.",
    ),
    "second_look_waits": Guide(
        "api",
        "You may take the blind second look at this verification, so its earlier cases are hidden from you.",
        "Claim and conclude the second look, or wait until another person has.",
    ),
    "senior_required": Guide(
        "api",
        "A proposed conclusion, or another person's case, needs a person with the role `senior`.",
        "Leave the case to a senior person.",
    ),
    "conclusion_refused": Guide(
        "api",
        "Outcome, reasons and note do not fit together, or a snooze is out of bounds; `detail` says what is "
        "wrong.",
        "[The reasons](../review.md#reasons) that each outcome may have; an approval needs a note.",
    ),
}
