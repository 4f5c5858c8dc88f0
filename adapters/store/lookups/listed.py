"""What a verification is listed as, in `verifications.listed_as` and `decision_reasons.listed_as`.

That is the decision's outcome, and behind it the person's, if a person has concluded another one:
`review>approved`. So one index serves the filters for both.
"""

from collections.abc import Iterator
from typing import Final

from domain.model import Outcome
from domain.views.verifications import Filters

CONCLUSIONS: Final = (Outcome.APPROVED, Outcome.REJECTED, Outcome.INCOMPLETE)
"""What a person can conclude."""


def decided_words(filters: Filters) -> Iterator[str]:
    """The words of the decided verifications that match the outcomes of `filters`."""
    for outcome in Outcome:
        if filters.outcome in (None, outcome):
            for effective in _effective(outcome):
                if filters.effective_outcome in (None, effective):
                    yield _word(outcome, effective)


def _effective(outcome: Outcome) -> Iterator[Outcome]:
    yield outcome
    yield from (each for each in CONCLUSIONS if each is not outcome)


def _word(outcome: Outcome, effective: Outcome) -> str:
    return outcome if effective is outcome else f"{outcome}>{effective}"


def word_of(outcome: str, effective: str) -> str:
    """SQL of the word, from expressions for both outcomes."""
    return f"{outcome} || CASE WHEN {effective} <> {outcome} THEN '>' || {effective} ELSE '' END"
