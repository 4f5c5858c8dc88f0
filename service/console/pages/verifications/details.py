"""One verification: its decision and what it rests on, its calls, deliveries and timeline."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from domain.audit.row import StoredRow
from domain.model import BIZ_ID_SHAPE
from domain.people.session import Session
from domain.policy.explanation import Explanation, explain
from domain.policy.facts.facts import Facts, Velocity
from domain.reviews.case import CaseState
from domain.views.audit import AuditFilter
from domain.views.verifications import VerificationRecord
from service.console.app.blind import as_seen
from service.console.app.errors import NotFound
from service.console.app.sessions import Reader
from service.console.app.templates import page
from service.console.app.words import domain as words
from service.console.app.words.audit import ACTIONS
from service.console.charts.scores import ScoreChart, score_charts
from service.console.context import ConsoleContext, Context
from usecases.reviews.blind import without_reviews

router = APIRouter()

_SCOPE: Final = "verifications:read"
_LOOKED: Final = 20
"""Rows of the audit that the page shows."""
_SCORE: Final = "_confidence"
_LIMIT: Final = "_threshold"


class FactRow(msgspec.Struct, frozen=True):
    """A fact as the callback and as the result has it; None where it is missing. `name`: of a member, such
    as a score, inside a fact."""

    fact: str
    name: str
    callback: str | None
    result: str | None

    @property
    def differs(self) -> bool:
        """Whether both sides have it and differ."""
        return None not in (self.callback, self.result) and self.callback != self.result


@router.get("/verifications/{app_id}/{biz_id}")
async def show_verification(
    request: Request, context: Context, session: Reader, app_id: str, biz_id: str = Path(max_length=128)
) -> Response:
    """Everything about one verification, with masked identity."""
    return await show_record(
        request, context, session, await found_verification(context, session, app_id, biz_id)
    )


async def found_verification(
    context: ConsoleContext, session: Session, app_id: str, biz_id: str
) -> VerificationRecord:
    """The verification, if the person may see it. Raises NotFound."""
    if not session.rights.may(_SCOPE, app_id):
        raise NotFound
    [seen] = await as_seen(context, session, [await find_record(context, app_id, biz_id)])
    return seen


async def show_record(
    request: Request,
    context: ConsoleContext,
    session: Session,
    record: VerificationRecord,
    *,
    problem: str = "",
    note: str = "",
) -> Response:
    """The page, with what a person has typed so far."""
    may = session.rights.may
    may_review = may("review", record.app_id)
    decided = await context.stored.get(record.id)
    explained = explain(decided) if decided else None
    facts = explained.facts if explained else None
    is_blind = record.is_blind
    timeline = await context.lookups.timeline(record.id)
    reviews = [] if is_blind else await context.reviews.concluded(record.id, with_notes=may_review)
    return page(
        request,
        "verification.html",
        status=409 if problem else 200,
        record=record,
        explained=explained,
        facts=fact_rows(facts.callback, facts.result) if facts else [],
        scores=_scores(explained),
        close_up=await context.close_ups.of(record.id),
        reviews=reviews,
        may_review=may_review,
        may_open=decided is not None and _may_open(session, record),
        looked=None if is_blind else await _looked(context, session, record),
        actions=ACTIONS,
        problem=problem,
        note=note,
        is_opened=request.query_params.get("done") == "case",
        timeline=[
            (event, _details(event.detail)) for event in (without_reviews(timeline) if is_blind else timeline)
        ],
    )


def _may_open(session: Session, record: VerificationRecord) -> bool:
    """Whether the person may ask for a review here; a reviewer finds the open case by its link."""
    if session.rights.may("review", record.app_id):
        return record.review is None or record.review.state == CaseState.CLOSED
    return session.rights.may("operate", record.app_id)


async def _looked(
    context: ConsoleContext, session: Session, record: VerificationRecord
) -> list[StoredRow] | None:
    """The audit's newest rows about this verification; None for a person without that right."""
    if not session.rights.may("audit", record.app_id):
        return None
    which = AuditFilter(app_ids=(record.app_id,), subject=record.biz_id)
    return (await context.audit.page(which, limit=_LOOKED)).items


async def find_record(context: ConsoleContext, app_id: str, biz_id: str) -> VerificationRecord:
    """The verification of a path. Raises NotFound."""
    if app_id not in context.app_ids or not BIZ_ID_SHAPE.fullmatch(biz_id):
        raise NotFound
    found = await context.lookups.find([app_id], biz_id)
    if not found:
        raise NotFound
    return found[0]


def _details(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the timeline notes beside an event, in words."""
    return [(name, _detail(value)) for name, value in detail.items() if value is not None]


def _detail(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_detail, value))
    if isinstance(value, dict):
        return " ".join(str(each) for each in value.values() if each)
    return str(value)


def fact_rows(callback: Facts | None, result: Facts | None) -> list[FactRow]:
    """The facts of both sides beside each other, in the order of `words.FACTS`."""
    return [row for fact in words.FACTS for row in _rows_of(fact, callback, result)]


def _rows_of(fact: str, callback: Facts | None, result: Facts | None) -> list[FactRow]:
    left, right = _members(fact, callback), _members(fact, result)
    return [FactRow(fact, name, left.get(name), right.get(name)) for name in {**left, **right}]


def _members(fact: str, facts: Facts | None) -> dict[str, str]:
    """The values of a fact by their names; a fact that is one value has the name ""."""
    value = getattr(facts, fact, None)
    if fact == "comparisons" and value:
        return {name: f"{each.confidence:g}" for name, each in value.items()}
    if fact == "genuineness" and value:
        return _with_limits(value)
    if isinstance(value, Velocity):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return {name: f"{number:g}" for name, number in value.items()}
    if isinstance(value, tuple):
        return {"": ", ".join(value)} if value else {}
    return {} if value is None else {"": f"{value:g}" if isinstance(value, float) else str(value)}


def _with_limits(scores: Mapping[str, float]) -> dict[str, str]:
    """The scores, each with its threshold where it has one: `0.88 / 0.5`."""
    shown = {}
    for name, score in scores.items():
        limit = scores.get(f"{name.removesuffix(_SCORE)}{_LIMIT}") if name.endswith(_SCORE) else None
        if limit is not None:
            shown[name.removesuffix(_SCORE)] = f"{score:g} / {limit:g}"
        elif not name.endswith(_LIMIT):
            shown[name] = f"{score:g}"
    return shown


def _scores(explained: Explanation | None) -> list[tuple[str, ScoreChart]]:
    """The scores of the result, else of the callback: what counts for the decision."""
    if explained is None:
        return []
    side = "result" if explained.facts.result and explained.facts.result.comparisons else "callback"
    facts: Facts | None = getattr(explained.facts, side)
    return [(side, chart) for chart in score_charts(facts.comparisons if facts else {})]
