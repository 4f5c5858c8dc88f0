"""One verification: its decision and what it rests on, its calls, deliveries and timeline."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from domain.facts.facts import Facts
from domain.model import BIZ_ID_SHAPE
from domain.policy.explanation import Explanation, explain
from domain.views.verifications import VerificationRecord
from service.console.app import words
from service.console.app.errors import NotFound
from service.console.app.sessions import Reader
from service.console.app.templates import page
from service.console.charts.scores import ScoreChart, score_charts
from service.console.context import ConsoleContext, Context

router = APIRouter()

_SCOPE: Final = "verifications:read"
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
    if not session.rights.may(_SCOPE, app_id):
        raise NotFound
    record = await find_record(context, app_id, biz_id)
    decided = await context.stored.get(record.id)
    explained = explain(decided) if decided else None
    facts = explained.facts if explained else None
    return page(
        request,
        "verification.html",
        record=record,
        explained=explained,
        facts=fact_rows(facts.callback, facts.result) if facts else [],
        scores=_scores(explained),
        close_up=await context.close_ups.of(record.id),
        timeline=[(event, _details(event.detail)) for event in await context.lookups.timeline(record.id)],
    )


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
