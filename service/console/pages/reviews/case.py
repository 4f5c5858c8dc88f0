"""The page of one case: its evidence, who works on it, and what this person may do."""

from collections.abc import Awaitable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal
from domain.policy.facts.facts import Facts
from domain.reviews.case import Because, CaseState, Claim, ReviewCase
from domain.reviews.claims import is_excluded
from domain.reviews.errors import NoSuchCase, ReviewRefused
from domain.reviews.evidence_hash import ShownEvidence
from domain.reviews.history import Kind
from domain.views.reviews import CaseView, NotedEvent
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import read_id
from service.console.app.paths.places import case_path
from service.console.app.templates import page
from service.console.charts.attacks import attack_charts
from service.console.charts.scores import score_charts
from service.console.context import ConsoleContext, Context
from service.console.pages.reviews import drafts
from service.console.pages.reviews.drafts import Draft, reasons_for
from service.console.pages.reviews.problems import Problem, problem_of
from service.console.pages.reviews.repeats import was_done
from service.console.pages.reviews.reviewing import ReviewSession, by_of
from service.console.pages.verifications.details import fact_rows, find_record
from usecases.reviews.blind import without_reviews
from usecases.reviews.by import By

router = APIRouter()

SEE_OTHER: Final = 303
MOST: Final = 60
"""Events, documents and entries of the timeline that a page shows, the newest."""
_NOTHING: Final = Draft()


class CaseAt(msgspec.Struct, frozen=True):
    """A request about a case, and the person who makes it."""

    request: Request
    context: ConsoleContext
    case_id: UUID
    by: By
    person_id: UUID

    @property
    def path(self) -> str:
        """The page of the case."""
        return case_path(self.case_id)


class Standing(msgspec.Struct, frozen=True):
    """What a person may do with a case now. `mine`, `other`: who holds the claim."""

    mine: Claim | None
    other: Claim | None
    is_excluded: bool
    may_claim: bool
    may_approve: bool

    @classmethod
    def of(cls, case: ReviewCase, at: CaseAt) -> "Standing":
        """The standing of the person who asks."""
        claim = case.claimed_at_time(at.context.clock())
        is_mine = claim is not None and claim.person_id == at.person_id
        may_approve, excluded = case.app_id in at.by.approving, is_excluded(case, at.person_id)
        is_waiting = case.state is not CaseState.CLOSED and claim is None
        fits = not excluded and (may_approve or case.state is not CaseState.PROPOSED)
        return cls(
            mine=claim if is_mine else None,
            other=None if is_mine else claim,
            is_excluded=excluded,
            may_claim=is_waiting and fits,
            may_approve=may_approve,
        )


async def case_at(request: Request, context: Context, session: ReviewSession, case_id: str) -> CaseAt:
    """The request of a route with a `case_id`. Raises NotFound: that is no id."""
    by = by_of(request, context, session)
    return CaseAt(request, context, read_id(case_id), by, session.person.id)


ReviewedCase = Annotated[CaseAt, Depends(case_at)]


@router.get("/reviews/{case_id}")
async def show_review_case(at: ReviewedCase) -> Response:
    """The case as it is now."""
    return await show_case(at)


async def show_case(at: CaseAt, *, draft: Draft = _NOTHING, problem: Problem | None = None) -> Response:
    """The page, with what the reviewer has typed so far. Raises NotFound."""
    view = await found_case(at)
    listed, case = view.listed, view.listed.case
    record = await find_record(at.context, case.app_id, listed.biz_id)
    return page(
        at.request,
        "reviews/case.html",
        status=problem.status if problem else 200,
        view=view,
        listed=listed,
        case=case,
        state=case.shown_state(at.context.clock()),
        record=record,
        standing=Standing.of(case, at),
        is_blind=case.because is Because.SECOND_LOOK,
        objections=[each for each in view.events if each.note and each.event.kind in _OBJECTING],
        proposed=_proposed(view),
        timeline=await _timeline(at, record.id, case),
        draft=draft,
        problem=problem,
        reasons_for=reasons_for,
        drafts=drafts,
        most=MOST,
        **_evidence(view.evidence),
    )


async def found_case(at: CaseAt) -> CaseView:
    """The case. Raises NotFound."""
    try:
        return await at.context.reviews.find(at.case_id, at.by)
    except NoSuchCase:
        raise NotFound from None


async def attempt(at: CaseAt, step: Awaitable[object], *, draft: Draft) -> Response:
    """Do a step and show the case as it is then; if it is refused, show why, with what was typed. The same
    form again does nothing and is no error."""
    try:
        await step
    except NoSuchCase:
        raise NotFound from None
    except (ReviewRefused, BrokenSeal) as error:
        if not was_done(await found_case(at), draft, at.person_id):
            return await show_case(at, draft=draft, problem=problem_of(error))
    return RedirectResponse(at.path, SEE_OTHER)


_OBJECTING: Final = frozenset({Kind.OPENED, Kind.NOTED})
"""Events whose note says why the case is asked for."""


def _proposed(view: CaseView) -> NotedEvent | None:
    """The event that proposed the conclusion, with its note."""
    proposal = view.listed.case.proposal
    seq = None if proposal is None else proposal.seq
    return next((each for each in view.events if each.event.seq == seq), None)


def _evidence(evidence: ShownEvidence) -> dict[str, Any]:
    facts = evidence.decision.evidence
    rows = fact_rows(facts.callback, facts.result)
    side = "result" if facts.result and facts.result.comparisons else "callback"
    scored: Facts | None = getattr(facts, side)
    return {
        "decision": evidence.decision,
        "differing": [row for row in rows if row.differs],
        "agreeing": [row for row in rows if not row.differs],
        "has_both": facts.callback is not None and facts.result is not None,
        "side": side,
        "scores": score_charts(scored.comparisons) if scored else [],
        "attacks": attack_charts(scored.genuineness) if scored else [],
        "findings": [run for run in evidence.decision.rules if run.reasons],
        "passed": [run for run in evidence.decision.rules if not run.reasons],
    }


async def _timeline(at: CaseAt, verification_id: UUID, case: ReviewCase) -> list[Any]:
    """What happened to the verification; a second look does not see what was concluded."""
    events = await at.context.lookups.timeline(verification_id)
    return without_reviews(events) if case.because is Because.SECOND_LOOK else list(events)
