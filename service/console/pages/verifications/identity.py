"""Show the identity of a verification, unmasked, to someone who says why."""

import base64
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from domain.errors import BrokenSeal
from domain.identity.reading import SCOPE_OF, Field, ReadRefused
from domain.people.session import Session
from domain.views.persons import ShownIdentity, ShownPicture
from domain.views.verifications import VerificationRecord
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.sessions import actor_of, needs
from service.console.app.templates import page
from service.console.context import Context
from service.console.pages.verifications.details import find_record
from service.console.pages.verifications.problems import READ_PROBLEMS

router = APIRouter()

IdentityReader = Annotated[Session, needs("identity:name")]
LABELS: Final = {
    "image_best": N_("Face"),
    "image_idcard_front": N_("Card, front"),
    "image_idcard_back": N_("Card, back"),
}
"""The vendor's names of pictures; others are shown as they are."""

BizId = Annotated[str, Path(max_length=128)]

_PROBLEMS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    **READ_PROBLEMS,
    BrokenSeal: (409, N_("No configured key opens this identity.")),
}


@router.get("/verifications/{app_id}/{biz_id}/identity")
async def ask_for_identity(
    request: Request, context: Context, session: IdentityReader, app_id: str, biz_id: BizId
) -> Response:
    """The form that asks for the reason."""
    _, record = _fields_of(session, app_id), await find_record(context, app_id, biz_id)
    return _show(request, record)


@router.post("/verifications/{app_id}/{biz_id}/identity")
async def show_identity(
    request: Request, context: Context, session: IdentityReader, app_id: str, biz_id: BizId, form: Form
) -> Response:
    """The fields that the person may see, once; the audit has it first."""
    fields, record = _fields_of(session, app_id), await find_record(context, app_id, biz_id)
    reason = form["reason"]
    try:
        identity = await context.identity.read(
            record, fields, actor=actor_of(request, session), reason=reason[:500]
        )
    except (ReadRefused, BrokenSeal) as error:
        status, problem = _PROBLEMS[type(error)]
        return _show(request, record, problem=problem, status=status)
    return _show(request, record, identity=identity)


def _fields_of(session: Session, app_id: str) -> list[Field]:
    fields = [field for field, scope in SCOPE_OF.items() if session.rights.may(scope, app_id)]
    if not fields or not session.rights.may("verifications:read", app_id):
        raise NotFound
    return fields


class Image(NamedTuple):
    """A picture on the page. `url`: its bytes, as a data URL; None if it is lost, or no picture."""

    name: str
    url: str | None


def _image(picture: ShownPicture) -> Image:
    name, content = LABELS.get(picture.name, picture.name), picture.content
    if content is None or not picture.media_type.startswith("image/"):
        return Image(name, None)
    return Image(name, f"data:{picture.media_type};base64,{base64.b64encode(content).decode()}")


def _show(
    request: Request,
    record: VerificationRecord,
    *,
    identity: ShownIdentity | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    images = (
        None if identity is None or identity.images is None else [_image(each) for each in identity.images]
    )
    answer = page(
        request,
        "identity.html",
        status=status,
        record=record,
        identity=identity,
        images=images,
        problem=problem,
    )
    answer.headers["cache-control"] = "no-store"
    return answer
