"""Why a step of a case was refused, in the words of the page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from domain.errors import BrokenSeal, GatewayError
from domain.reviews.errors import (
    CaseClosed,
    ClaimedByAnother,
    ConclusionRefused,
    EvidenceChanged,
    LeaseLost,
    NotClaimed,
    SamePerson,
    SeniorRequired,
    WrongState,
)
from service.console.app.errors import Notice
from service.console.app.languages import N_

CONFLICT: Final = 409


class Problem(msgspec.Struct, frozen=True):
    """What a page says about a refusal. `name`, `until`: of the claim of another person. `parts`: of the
    evidence, which changed."""

    text: str
    status: int = CONFLICT
    name: str = ""
    until: datetime | None = None
    parts: tuple[str, ...] = ()


_TEXTS: Final[Mapping[type[GatewayError], Problem]] = {
    LeaseLost: Problem(
        N_("Your claim has ended, so nothing was changed. What you typed is kept: claim the case again.")
    ),
    NotClaimed: Problem(N_("You have not claimed this case, so nothing was changed. Claim it first.")),
    CaseClosed: Problem(N_("This case is closed already. Nothing was changed.")),
    WrongState: Problem(
        N_("The case is in another state by now. Nothing was changed; look at it as it is now.")
    ),
    SamePerson: Problem(
        N_("Another person must do this: the case was proposed or concluded by you before."), 403
    ),
    SeniorRequired: Problem(N_("Only a person who may approve can do this."), 403),
    ConclusionRefused: Problem(N_("The conclusion is not complete, so nothing was changed."), 422),
    BrokenSeal: Problem(
        N_("No key seals a note of this verification any more: it was erased, or its key is away.")
    ),
}


HIDDEN: Final = Notice(
    CONFLICT,
    N_("Hidden until the second look"),
    N_(
        "A blind second look at this verification waits for you or a colleague. "
        "Its earlier cases are hidden until then."
    ),
)
"""The page of a case that a person must not see now."""


def problem_of(error: GatewayError) -> Problem:
    """The words for an error of the desk."""
    if isinstance(error, EvidenceChanged):
        text = N_("The evidence changed while you looked at it, so nothing was concluded. Look again.")
        return Problem(text, parts=error.what)
    if isinstance(error, ClaimedByAnother):
        text = N_("%(name)s works on this case now. Nothing was changed.")
        return Problem(text, name=error.name, until=error.lease_until)
    return _TEXTS.get(type(error), _TEXTS[WrongState])
