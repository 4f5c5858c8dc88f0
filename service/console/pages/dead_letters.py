"""Dead letters by reason, their list, and their retry: of one, or of all with a reason after a count."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal, NoSuchLetter, RedisFull
from domain.people.session import Session
from domain.views.letters import DeadLetter, LetterFilter
from domain.views.operations.figures import Letters
from service.console.app.forms.inputs import narrowed, read_id, read_number
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.views import ListView, decode_cursor, encode_cursor, with_query
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context

router = APIRouter()

PAGE = 50
NOTHING_DONE = -1
"""`done` of a page that follows no form."""
MOST_AT_ONCE = 1000
"""Letters that one form retries."""
_SCOPE = "operate"
_SEE_OTHER = 303
Operator = Annotated[Session, needs(_SCOPE)]

_GONE = N_("This letter is no longer there: it was retried and recorded, or somebody deleted it.")
_UNREADABLE = N_("No configured master key opens this letter. It stays.")
_FULL = N_("Redis has no room for it now. The letters stay; try again later.")


class View(ListView, frozen=True):
    """What the URL asks for; "" for a filter that is not set. `retried`: "yes" for those being retried."""

    path = "/dead-letters"

    app: str = ""
    reason: str = ""
    retried: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> "View":
        """The view in a query."""
        given = cls.given(query)
        return cls(**given | {"retried": "yes" if given["retried"] == "yes" else ""})


class Group(msgspec.Struct, frozen=True):
    """The letters with one reason, of all apps that the person may see."""

    reason: str
    waiting: int
    retried: int


@router.get("/dead-letters")
async def list_letters(request: Request, context: Context, session: Operator) -> Response:
    """Letters by reason, and the newest of those that match."""
    return await _show(request, context, session, View.of(request.query_params))


@router.post("/dead-letters/{letter_id}/retry")
async def retry_letter(
    request: Request, context: Context, session: Operator, letter_id: str, form: Form
) -> Response:
    """Put one letter back into the inbox."""
    view = View(app=form["app"], reason=form["reason"])
    app_ids = apps_of(session, _SCOPE, context.app_ids)
    actor = actor_of(request, session)
    try:
        await context.letters.retries.retry_one(read_id(letter_id), app_ids, actor=actor)
    except (NoSuchLetter, BrokenSeal, RedisFull) as error:
        problem, status = _problem_of(error)
        return await _show(request, context, session, view, problem=problem, status=status)
    return RedirectResponse(with_query(view.url(), {"done": "1"}), _SEE_OTHER)


@router.get("/dead-letters/retry")
async def ask_for_retry(request: Request, context: Context, session: Operator) -> Response:
    """How many letters a retry by reason is about; nothing is done yet."""
    view = View.of(request.query_params)
    which = _filter(view, narrowed(session, _SCOPE, context.app_ids, view.app))
    count = await context.letters.desk.count(which)
    return page(request, "letters/retry.html", view=view, count=count, most=MOST_AT_ONCE)


@router.post("/dead-letters/retry")
async def retry_letters(request: Request, context: Context, session: Operator, form: Form) -> Response:
    """Retry the letters with a reason, least recently seen first."""
    view = View(app=form["app"], reason=form["reason"])
    which = _filter(view, narrowed(session, _SCOPE, context.app_ids, view.app))
    actor = actor_of(request, session)
    try:
        done = await context.letters.retries.retry_all(which, limit=MOST_AT_ONCE, actor=actor)
    except RedisFull as error:
        return await _show(request, context, session, view, problem=_FULL, done=error.retried, status=503)
    numbers = {"done": str(done.retried), "left": str(done.remaining), "unreadable": str(done.unreadable)}
    return RedirectResponse(with_query("/dead-letters", {"app": view.app, **numbers}), _SEE_OTHER)


async def _show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    view: View,
    *,
    problem: str = "",
    done: int | None = None,
    status: int = 200,
) -> Response:
    mine = apps_of(session, _SCOPE, context.app_ids)
    chosen = narrowed(session, _SCOPE, context.app_ids, view.app)
    found = await context.letters.desk.page(
        _filter(view, chosen), limit=PAGE + 1, after=decode_cursor(view.after)
    )
    query = request.query_params
    return page(
        request,
        "letters/list.html",
        status=status,
        view=view,
        app_ids=mine,
        groups=grouped(await context.letters.desk.by_reason(chosen)),
        letters=found[:PAGE],
        next=view.url(after=encode_cursor(_position(found[PAGE - 1]))) if len(found) > PAGE else "",
        problem=problem,
        done=read_number(query.get("done", ""), default=NOTHING_DONE) if done is None else done,
        left=read_number(query.get("left", "")),
        unreadable=read_number(query.get("unreadable", "")),
    )


def grouped(letters: list[Letters]) -> list[Group]:
    """The letters of each reason, most waiting first."""
    waiting: dict[str, int] = defaultdict(int)
    retried: dict[str, int] = defaultdict(int)
    for each in letters:
        waiting[each.reason] += each.count
        retried[each.reason] += each.retried
    groups = [Group(reason, waiting[reason], retried[reason]) for reason in waiting]
    return sorted(groups, key=lambda group: (-group.waiting, group.reason))


def _filter(view: View, app_ids: list[str]) -> LetterFilter:
    return LetterFilter(app_ids, view.reason or None, retried=bool(view.retried))


def _position(letter: DeadLetter) -> tuple[datetime, UUID]:
    return letter.last_seen_at, letter.id


def _problem_of(error: Exception) -> tuple[str, int]:
    if isinstance(error, NoSuchLetter):
        return _GONE, 404
    return (_FULL, 503) if isinstance(error, RedisFull) else (_UNREADABLE, 409)
