"""Why something cannot be done to a case. `code`: the word in answers (docs/reference/errors.md)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from domain.errors import GatewayError


class ReviewRefused(GatewayError):
    """Base of the errors of reviews: nothing was changed."""

    code: ClassVar[str]


class NoSuchCase(ReviewRefused):
    """The apps named have no such case, or no such decided verification."""

    code = "no_such_case"


class ClaimedByAnother(ReviewRefused):
    """Another person works on the case, until `lease_until` or longer."""

    code = "claimed_by_another"

    def __init__(self, name: str, lease_until: datetime) -> None:
        super().__init__(self.code)
        self.name = name
        self.lease_until = lease_until


class NotClaimed(ReviewRefused):
    """The person has not claimed the case."""

    code = "not_claimed"


class LeaseLost(ReviewRefused):
    """The person's claim has ended: its time is over, or another claim followed."""

    code = "lease_lost"


class EvidenceChanged(ReviewRefused):
    """The evidence is not what the person saw. `what`: the parts that differ (see
    `domain.reviews.evidence_hash`). `evidence_hash`: that of the evidence now."""

    code = "evidence_changed"

    def __init__(self, what: Sequence[str], evidence_hash: str) -> None:
        super().__init__(", ".join(what))
        self.what = tuple(what)
        self.evidence_hash = evidence_hash


class PersonRequired(ReviewRefused):
    """A program cannot review."""

    code = "person_required"


class SamePerson(ReviewRefused):
    """Another person must do this: the one who proposes does not approve, and a second look is another's."""

    code = "same_person"


class SeniorRequired(ReviewRefused):
    """Only a person with the scope `approve` may do this."""

    code = "senior_required"


class CaseClosed(ReviewRefused):
    """The case has ended."""

    code = "case_closed"


class WrongState(ReviewRefused):
    """The case is not in the state for this: proposed already, or not proposed."""

    code = "wrong_state"


class SecondLookWaits(ReviewRefused):
    """A blind second look waits for the person, who must not see what was concluded before."""

    code = "second_look_waits"


class ConclusionRefused(ReviewRefused):
    """The conclusion is not complete or contradicts itself; the message says why."""

    code = "conclusion_refused"


class CaseOpen(ReviewRefused):
    """The verification has an open case already; `case_id` names it."""

    code = "case_open"

    def __init__(self, case_id: str) -> None:
        super().__init__(case_id)
        self.case_id = case_id
