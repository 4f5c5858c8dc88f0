"""Erase the identity of a verification, or hold it: what will go, for which reason, and the receipt."""

from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from domain.identity.erasure import LONGEST_REASON, Receipt
from domain.identity.errors import AlreadyErased, ErasureRefused, LegalHold, NoKeyStore, NoSuchVerification
from domain.identity.reading import ReadRefused, checked_reason
from domain.model import BIZ_ID_SHAPE
from domain.people.session import Session
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.places import verification_path
from service.console.app.sessions import actor_of, needs
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.verifications.problems import READ_PROBLEMS

router = APIRouter()

_SCOPE: Final = "erase"
_SEE_OTHER: Final = 303
Eraser = Annotated[Session, needs(_SCOPE)]
BizId = Annotated[str, Path(max_length=128)]

_PROBLEMS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    **READ_PROBLEMS,
    LegalHold: (409, N_("A legal hold is on it: nothing is erased until it is lifted.")),
    AlreadyErased: (409, N_("It is erased, so there is nothing to hold.")),
    NoKeyStore: (409, N_("There is no key store, so a backup would undo the erasure.")),
}


class Subject(NamedTuple):
    """The verification that a page is about, and who asks."""

    request: Request
    context: ConsoleContext
    session: Session
    app_id: str
    biz_id: str

    @property
    def path(self) -> str:
        """The page of its erasure."""
        return f"{verification_path(self.app_id, self.biz_id)}/erasure"


async def read_subject(
    request: Request, context: Context, session: Eraser, app_id: str, biz_id: BizId
) -> Subject:
    """The verification of the path, or that of which there are dead letters alone, if the person may erase
    it. Raises NotFound.
    """
    if not all(session.rights.may(scope, app_id) for scope in (_SCOPE, "verifications:read")):
        raise NotFound
    if app_id not in context.app_ids or not BIZ_ID_SHAPE.fullmatch(biz_id):
        raise NotFound
    try:
        await context.erasures.explain(app_id, biz_id)
    except NoSuchVerification:
        raise NotFound from None
    return Subject(request, context, session, app_id, biz_id)


About = Annotated[Subject, Depends(read_subject)]


@router.get("/verifications/{app_id}/{biz_id}/erasure")
async def ask_for_erasure(about: About) -> Response:
    """What is kept of the identity and where, the hold, and the receipt of what was erased."""
    return await _show(about)


@router.post("/verifications/{app_id}/{biz_id}/erasure")
async def erase(about: About, form: Form) -> Response:
    """Ask once more with the reason; the confirmed form erases. Sent twice, it has the same receipt."""
    reason, actor = form["reason"][:LONGEST_REASON], actor_of(about.request, about.session)
    try:
        checked_reason(reason)
        if form["confirmed"] != "yes":
            return await _show(about, reason=reason, asks=True)
        await about.context.erasures.erase(about.app_id, about.biz_id, actor=actor, reason=reason)
    except (ErasureRefused, ReadRefused) as error:
        return await _refuse(about, error, reason)
    return RedirectResponse(about.path, _SEE_OTHER)


@router.post("/verifications/{app_id}/{biz_id}/hold")
async def place_hold(about: About, form: Form) -> Response:
    """Place a legal hold; the first one stays."""
    reason, actor = form["reason"][:LONGEST_REASON], actor_of(about.request, about.session)
    try:
        await about.context.erasures.hold(about.app_id, about.biz_id, actor=actor, reason=reason)
    except (ErasureRefused, ReadRefused) as error:
        return await _refuse(about, error, reason)
    return RedirectResponse(about.path, _SEE_OTHER)


@router.post("/verifications/{app_id}/{biz_id}/hold/lift")
async def lift_hold(about: About, form: Form) -> Response:
    """Lift the legal hold; where there is none any more, nothing happens."""
    reason, actor = form["reason"][:LONGEST_REASON], actor_of(about.request, about.session)
    try:
        await about.context.erasures.lift(about.app_id, about.biz_id, actor=actor, reason=reason)
    except (ErasureRefused, ReadRefused) as error:
        return await _refuse(about, error, reason)
    return RedirectResponse(about.path, _SEE_OTHER)


async def _refuse(about: Subject, error: ErasureRefused | ReadRefused, reason: str) -> Response:
    if isinstance(error, NoSuchVerification):
        raise NotFound from None
    status, problem = _PROBLEMS[type(error)]
    return await _show(about, reason=reason, problem=problem, status=status)


async def _show(
    about: Subject, *, reason: str = "", asks: bool = False, problem: str = "", status: int = 200
) -> Response:
    view = await about.context.erasures.explain(about.app_id, about.biz_id)
    return page(
        about.request,
        "erasure.html",
        status=status,
        app_id=about.app_id,
        biz_id=about.biz_id,
        view=view,
        receipt=_text_of(view.receipt),
        reason=reason,
        asks=asks and view.hold is None,
        problem=problem,
    )


def _text_of(receipt: Receipt | None) -> str:
    """The receipt as `erasures verify` reads it."""
    return "" if receipt is None else msgspec.json.format(msgspec.json.encode(receipt)).decode()
