"""The queue: cases that wait, most urgent first, and the next one."""

from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from domain.people.session import Session
from domain.reviews.case import Priority, Shown
from domain.views.reviews import CaseFilter
from service.console.app.forms.inputs import narrowed, read_number, read_word
from service.console.app.forms.posted import Form
from service.console.app.paths.places import case_path
from service.console.app.paths.views import ListView, decode_place, encode_cursor, with_query
from service.console.app.sessions import apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.reviews.reviewing import REVIEW, ReviewSession, by_of

router = APIRouter()

PAGE: Final = 50
_SEE_OTHER: Final = 303
_PATH: Final = "/reviews"
_WAITING: Final = ("priority", "mine", "overdue")
"""Filters of cases that have not ended."""


class View(ListView, frozen=True):
    """What the URL asks for; "" for a filter that is not set. `mine`, `overdue`: "yes" or ""."""

    path = _PATH

    app: str = ""
    state: str = ""
    priority: str = ""
    mine: str = ""
    overdue: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: QueryParams | dict[str, str]) -> "View":
        """The view in a query; values that no filter has are left out."""
        given = cls.given(query)
        given["state"] = read_word(Shown, given["state"]) or ""
        given["priority"] = given["priority"] if given["priority"].upper() in Priority.__members__ else ""
        given |= {name: "yes" if given[name] == "yes" else "" for name in ("mine", "overdue")}
        if given["state"] == Shown.CLOSED:
            given |= dict.fromkeys(_WAITING, "")
        return cls(**given)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self.filters)

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, without the place."""
        return {
            name: value for name, value in msgspec.structs.asdict(self).items() if value and name != "after"
        }


@router.get("/reviews")
async def list_cases(request: Request, context: Context, session: ReviewSession) -> Response:
    """Cases, most urgent first; closed ones newest first."""
    view, query = View.of(request.query_params), request.query_params
    found = await context.reviews.page(
        filter_of(view, context, session), limit=PAGE + 1, after=decode_place(view.after)
    )
    return page(
        request,
        "reviews/queue.html",
        view=view,
        cases=found[:PAGE],
        app_ids=apps_of(session, REVIEW, context.app_ids),
        me=session.person.id,
        next=view.url(after=encode_cursor(found[PAGE - 1].place)) if len(found) > PAGE else "",
        none_waits=query.get("none") == "1",
        ended=read_number(query.get("ended", ""), default=-1),
        kept=read_number(query.get("kept", "")),
    )


@router.post("/reviews/next")
async def claim_next_case(
    request: Request, context: Context, session: ReviewSession, _form: Form
) -> Response:
    """Claim the most urgent case that the person may have, and show it."""
    case = await context.reviews.next(by_of(request, context, session))
    to = with_query(_PATH, {"none": "1"}) if case is None else case_path(case.id)
    return RedirectResponse(to, _SEE_OTHER)


def filter_of(view: View, context: ConsoleContext, session: Session) -> CaseFilter:
    """The filter of a view, in the person's apps."""
    return CaseFilter(
        app_ids=narrowed(session, REVIEW, context.app_ids, view.app),
        state=Shown(view.state) if view.state else None,
        priority=Priority[view.priority.upper()] if view.priority else None,
        overdue=bool(view.overdue),
        held_by=session.person.id if view.mine else None,
    )
