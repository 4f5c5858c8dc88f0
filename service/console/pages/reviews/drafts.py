"""What a reviewer has typed on the page of a case, and what is wrong with it."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

from domain.model import Outcome
from domain.reviews.conclusion import LONGEST_NOTE, Conclusion
from domain.reviews.reasons import REASONS_FOR, REASONS_TO_CLOSE, ReviewReason
from service.console.app.forms.inputs import read_number
from service.console.app.forms.posted import Posted
from service.console.app.languages import N_
from service.console.app.paths.views import read_time

CLOSE: Final = "close"
APPROVE: Final = "approve"
RETURN: Final = "return"
SNOOZE: Final = "snooze"
RELEASE: Final = "release"
SNOOZES: Final = {"1h": N_("one hour"), "4h": N_("four hours"), "1d": N_("one day"), "3d": N_("three days")}
_LASTS: Final = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
}

NO_CHOICE: Final = N_("Choose what the case comes to.")
NO_REASON: Final = N_("Choose at least one reason.")
NO_NOTE: Final = N_("An approval needs a note.")
LONG_NOTE: Final = N_("The note is too long: it has at most 2000 characters.")
NO_RETURN_NOTE: Final = N_("Say in the note why you return it.")
NO_TIME: Final = N_("Choose a time in the next 30 days.")


class Draft(msgspec.Struct, frozen=True):
    """`choice`: an outcome, `close`, `approve`, `return`, `snooze`, or "" where nothing is typed. `fence`: of
    the claim of the page. `evidence_hash`: over what the page showed. `span`, `until`: of a snooze.
    """

    choice: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    fence: int = -1
    evidence_hash: str = ""
    span: str = ""
    until: str = ""

    @classmethod
    def of(cls, form: Posted) -> "Draft":
        """The draft in a form."""
        return cls(
            choice=form["choice"][:20],
            reasons=tuple(dict.fromkeys(form.all("reason_code")))[: len(ReviewReason)],
            note=form["note"].replace("\r\n", "\n"),
            fence=read_number(form["fence"], default=-1),
            evidence_hash=form["evidence_hash"][:400],
            span=form["span"],
            until=form["until"][:40],
        )

    @property
    def problem(self) -> str:
        """What is missing in a conclusion or a closing; "" if nothing is."""
        allowed = reasons_for(self.choice)
        if not allowed:
            return NO_CHOICE
        if not self.reasons or not set(self.reasons) <= set(allowed):
            return NO_REASON
        if self.choice == Outcome.APPROVED and not self.note:
            return NO_NOTE
        return LONG_NOTE if len(self.note) > LONGEST_NOTE else ""

    def conclusion(self) -> Conclusion:
        """The conclusion. Raises ConclusionRefused: it has a problem."""
        return Conclusion(Outcome(self.choice), self.reasons, self.note or None)

    def snoozed_until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """The end of the snooze; None if no time is chosen."""
        if self.until:
            return read_time(self.until, zone)
        return now + _LASTS[self.span] if self.span in _LASTS else None


def reasons_for(choice: str) -> tuple[ReviewReason, ...]:
    """The reasons that a choice may have; none if it is no conclusion."""
    if choice == CLOSE:
        return REASONS_TO_CLOSE
    return REASONS_FOR.get(Outcome(choice), ()) if choice in set(Outcome) else ()
