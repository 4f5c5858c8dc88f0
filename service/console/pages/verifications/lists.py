"""The list of verifications. Every view is a URL, without any identity: the search is a posted form."""

from datetime import date
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from domain.identity.numbers import with_check_digit
from domain.model import BIZ_ID_SHAPE, Basis, ConfirmationMode, Outcome, State
from domain.people.session import Session
from domain.policy.reasons import Code
from domain.views.verifications import Filters, VerificationRecord
from service.console.app.blind import as_seen, filters_for
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.places import verification_path
from service.console.app.paths.views import (
    ListView,
    Position,
    decode_cursor,
    encode_cursor,
    read_time,
    with_query,
)
from service.console.app.sessions import Reader, apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.verifications import by_number

router = APIRouter()

PAGE: Final = 50
LOOKED_THROUGH: Final = 400
"""Verifications that are read for one page by a filter without an index."""
_CHUNK: Final = 100
_SCOPE: Final = "verifications:read"
_SEE_OTHER: Final = 303
_NUMBER: Final = N_("This is an ID number. Only those who may see ID numbers can search by one.")
_NOTHING: Final = N_("Nothing has this biz_id or biz_no in the apps that you may see.")


class View(ListView, frozen=True):
    """What the URL asks for, as text; "" for a filter that is not set."""

    path = "/verifications"
    longest = None

    app: str = ""
    outcome: str = ""
    effective: str = ""
    reason: str = ""
    state: str = ""
    policy: str = ""
    mode: str = ""
    basis: str = ""
    biz_no: str = ""
    since: str = ""
    until: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> "View":
        """The view in a query; a word that no filter knows is left out."""
        given = cls.given(query)
        known: dict[str, set[str]] = {"outcome": set(Outcome), "effective": set(Outcome)}
        known |= {"reason": set(Code), "state": set(State), "basis": set(Basis)}
        known |= {"mode": set(ConfirmationMode)}
        return cls(**{name: text for name, text in given.items() if text in known.get(name, {text})})

    @property
    def is_filtered(self) -> bool:
        """Whether it shows less than everything."""
        return msgspec.structs.replace(self, after="") != View()

    @property
    def looks_through(self) -> bool:
        """Whether it has a filter without an index: a policy, a basis, or a second one beside the mode."""
        return bool(self.policy or self.basis or (self.mode and (self.reason or self.biz_no)))


class Found(msgspec.Struct, frozen=True):
    """A page of a list. `last`: where it goes on, None at the end. `looked_through`: how many verifications
    were read for a filter without an index, 0 if there is none."""

    records: list[VerificationRecord]
    last: Position | None
    looked_through: int = 0


@router.get("/verifications")
async def list_verifications(request: Request, context: Context, session: Reader) -> Response:
    """The newest verifications that match, 50 a page."""
    return await _show(request, context, session, View.of(request.query_params))


@router.post("/verifications/search")
async def search_verifications(request: Request, context: Context, session: Reader, form: Form) -> Response:
    """Go to the one verification with this biz_id, or to the list of those with this biz_no. An ID number
    leads to the form that asks for a reason.
    """
    text = form["q"]
    if is_id_number(text) and session.rights.has(by_number.SCOPE):
        return by_number.show_form(request, number=text)
    if is_id_number(text):
        return await _show(request, context, session, View(), problem=_NUMBER, status=422)
    to = await _place_of(text, context, session) if text else "/verifications"
    if to is None:
        return await _show(request, context, session, View(), problem=_NOTHING, q=text, status=404)
    return RedirectResponse(to, _SEE_OTHER)


def is_id_number(text: str) -> bool:
    """Whether this is a resident's ID number (GB 11643), by its date and its check digit."""
    digits = text[:17]
    if len(text) != 18 or not (digits.isascii() and digits.isdigit()):
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    return with_check_digit(digits) == text.upper()


async def _show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    view: View,
    *,
    problem: str = "",
    q: str = "",
    status: int = 200,
) -> Response:
    app_ids = apps_of(session, _SCOPE, context.app_ids)
    filters = _filters(view, [each for each in app_ids if view.app in ("", each)], context)
    found = await _find(context, view, filters_for(context, session, filters))
    records = await as_seen(context, session, found.records)
    return page(
        request,
        "verifications.html",
        status=status,
        view=view,
        found=found,
        records=[each for each in records if not (each.is_blind and view.effective)],
        next=view.url(after=encode_cursor(found.last)) if found.last else "",
        app_ids=app_ids,
        codes=sorted(code.value for code in Code),
        problem=problem,
        q=q,
    )


async def _place_of(text: str, context: ConsoleContext, session: Session) -> str | None:
    app_ids = apps_of(session, _SCOPE, context.app_ids)
    found = await context.lookups.find(app_ids, text) if BIZ_ID_SHAPE.fullmatch(text) else []
    if found:
        return verification_path(found[0].app_id, text)
    if app_ids and await context.lookups.page(Filters(app_ids=app_ids, biz_no=text), limit=1):
        return with_query("/verifications", {"biz_no": text})
    return None


async def _find(context: ConsoleContext, view: View, filters: Filters) -> Found:
    if not filters.app_ids:
        return Found([], None)
    if not view.looks_through:
        after = decode_cursor(view.after)
        records = await context.lookups.page(filters, limit=PAGE + 1, after=after)
        return Found(records[:PAGE], _position(records[PAGE - 1]) if len(records) > PAGE else None)
    return await _look_through(context, view, filters)


async def _look_through(context: ConsoleContext, view: View, filters: Filters) -> Found:
    """A page by what no index has: a bounded number is read, and the next page goes on behind it."""
    records: list[VerificationRecord] = []
    after, read = decode_cursor(view.after), 0
    while read < LOOKED_THROUGH and len(records) < PAGE:
        chunk = await context.lookups.page(filters, limit=_CHUNK, after=after)
        for record in chunk:
            read, after = read + 1, _position(record)
            if _matches(record, view):
                records.append(record)
                if len(records) == PAGE:
                    return Found(records, after, read)
        if len(chunk) < _CHUNK:
            return Found(records, None, read)
    return Found(records, after, read)


def _matches(record: VerificationRecord, view: View) -> bool:
    """By the filters without an index. `policy`: a name, or a name and a version (`default@3`)."""
    names = ("", record.policy_name, f"{record.policy_name}@{record.policy_version}")
    fits = view.policy in names and view.basis in ("", record.basis)
    return fits and (not view.mode or _matches_beside_mode(record, view))


def _matches_beside_mode(record: VerificationRecord, view: View) -> bool:
    """By the filters that have an index of their own, which is not used beside that of the mode."""
    codes = {each["code"] for each in record.reasons} if record.outcome != Outcome.APPROVED else set[str]()
    return view.biz_no in ("", record.biz_no) and view.reason in ("", *codes)


def _position(record: VerificationRecord) -> Position:
    return record.created_at, record.id


def _filters(view: View, app_ids: list[str], context: ConsoleContext) -> Filters:
    return Filters(
        app_ids=app_ids,
        biz_no=None if view.mode else view.biz_no or None,
        outcome=view.outcome or None,
        effective_outcome=view.effective or None,
        reason=None if view.mode else view.reason or None,
        mode=view.mode or None,
        state=view.state or None,
        since=read_time(view.since, context.zone),
        until=read_time(view.until, context.zone),
    )
