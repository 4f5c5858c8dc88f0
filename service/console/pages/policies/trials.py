"""Try a policy on stored decisions, with the verifications that would flip; the threshold curve."""

from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.errors import PolicyFileError
from domain.people.session import Session
from domain.policy.backtest import Comparison
from domain.policy.file.policy import Policy
from domain.views.decisions import Selection
from service.console.app.forms.inputs import narrowed, read_number
from service.console.app.forms.posted import Form
from service.console.app.paths.views import read_time
from service.console.app.sessions import Reader, apps_of
from service.console.app.templates import page
from service.console.charts.curves import curve_charts
from service.console.context import ConsoleContext, Context

router = APIRouter()

SIZES: Final = (1000, 5000, 20_000)
"""Decisions that one trial looks at, the newest first."""
LONGEST: Final = 16 * 1024
"""Characters of a policy."""
_SHOWN: Final = 100
_SCOPE: Final = "verifications:read"


class Trial(msgspec.Struct, frozen=True):
    """What a form asks for."""

    text: str = ""
    app: str = ""
    since: str = ""
    limit: int = SIZES[0]


@router.get("/policies/backtest")
async def ask_for_backtest(
    request: Request, context: Context, session: Reader, name: str = "", text: str = ""
) -> Response:
    """The form, with a text in force or an earlier one to begin with."""
    content = ""
    if name and any(policy.name == name for policy in context.policies.book.all()):
        found = await context.policies.history.text(name, text)
        content = context.policies.book.get(name).text if found is None else found.text
    return _show(request, context, session, Trial(text=content))


@router.post("/policies/backtest")
async def run_backtest(request: Request, context: Context, session: Reader, form: Form) -> Response:
    """Decide stored facts again with the text; nothing is changed or kept."""
    trial = Trial(
        text=form.raw("text").replace("\r\n", "\n"),
        app=form["app"],
        since=form["since"],
        limit=read_number(form["limit"], default=SIZES[0], least=1, most=max(SIZES)),
    )
    selection = _selection(context, session, trial.app, trial.since, trial.limit)
    if len(trial.text) > LONGEST:
        return _show(request, context, session, trial, detail="> 16 KiB")
    try:
        policy, compared = await context.policies.trials.backtest(trial.text, selection, keep=_SHOWN)
    except PolicyFileError as error:
        return _show(request, context, session, trial, detail=str(error))
    return _show(request, context, session, trial, policy=policy, compared=compared)


@router.get("/policies/curve")
async def show_curve(
    request: Request, context: Context, session: Reader, app: str = "", since: str = "", limit: str = ""
) -> Response:
    """The share of verifications that reaches each false-accept level."""
    size = read_number(limit, default=SIZES[0], least=1, most=max(SIZES))
    points = await context.policies.trials.curve(_selection(context, session, app, since, size))
    return page(
        request,
        "policies/curve.html",
        charts_shown=curve_charts(points),
        app=app,
        since=since,
        limit=size,
        sizes=SIZES,
        app_ids=apps_of(session, _SCOPE, context.app_ids),
    )


def _selection(context: ConsoleContext, session: Session, app: str, since: str, limit: int) -> Selection:
    app_ids = narrowed(session, _SCOPE, context.app_ids, app)
    return Selection(app_ids, since=read_time(since, context.zone), limit=limit)


def _show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    trial: Trial,
    *,
    detail: str = "",
    policy: Policy | None = None,
    compared: Comparison | None = None,
) -> Response:
    return page(
        request,
        "policies/backtest.html",
        status=422 if detail else 200,
        trial=trial,
        detail=detail,
        policy=policy,
        compared=compared,
        sizes=SIZES,
        app_ids=apps_of(session, _SCOPE, context.app_ids),
    )
