"""Whether a form was sent before: its step is in the history of the case, under the same claim."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from domain.reviews.history import CaseEvent, Kind
from domain.views.reviews import CaseView
from service.console.pages.reviews import drafts
from service.console.pages.reviews.drafts import Draft

_CLAIMS: Final = frozenset({Kind.CLAIMED, Kind.TAKEN_OVER})
_CONCLUSIONS: Final = frozenset({Kind.PROPOSED, Kind.CONCLUDED, Kind.LOOKED})
_KINDS: Final[Mapping[str, frozenset[Kind]]] = {
    drafts.CLOSE: frozenset({Kind.CLOSED}),
    drafts.APPROVE: frozenset({Kind.APPROVED}),
    drafts.RETURN: frozenset({Kind.RETURNED}),
    drafts.SNOOZE: frozenset({Kind.SNOOZED}),
    drafts.RELEASE: frozenset({Kind.RELEASED}),
}


def was_done(view: CaseView, draft: Draft, person_id: UUID) -> bool:
    """Whether this person has done this step already, under the claim that the form names."""
    fence = -1
    for each in view.events:
        if each.event.kind in _CLAIMS:
            fence = each.event.detail.fence or -1
        elif fence == draft.fence and _is_step(each.event, draft, person_id):
            return True
    return False


def _is_step(event: CaseEvent, draft: Draft, person_id: UUID) -> bool:
    if event.person_id != person_id or event.kind not in _KINDS.get(draft.choice, _CONCLUSIONS):
        return False
    if event.kind in _CONCLUSIONS:
        return (event.detail.outcome, event.detail.reasons) == (draft.choice, draft.reasons)
    return event.kind is not Kind.CLOSED or event.detail.reasons == draft.reasons
