"""Persons by ID number, which is in the body and never in a URL: for a reason, with the audit first."""

from typing import Annotated, Any, Final

from fastapi import Response, Security

from service.api.auth import Caller, authenticate, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import hidden_from
from service.api.models.identity import PersonErasureModel
from service.api.models.shown_identity import ExportBody, ExportModel, FoundModel, FoundPage, SearchBody
from service.api.responses import problems
from service.api.routes.identity.reads import REFUSALS, keep_nowhere
from usecases.identity.read import MOST

router = guarded_router("/v1/persons", tag="identity")

_NUMBERS: Final = ("number_empty", "number_letters", "number_length", "number_check_digit")

NumberReader = Annotated[Caller, Security(authenticate, scopes=["identity:number"])]
Eraser = Annotated[Caller, Security(authenticate, scopes=["erase"])]
WholeReader = Annotated[Caller, Security(authenticate, scopes=["identity:name", "identity:number"])]


@router.post("/search", responses=problems("not_found", *_NUMBERS, *REFUSALS))
async def search_person(
    body: SearchBody, caller: NumberReader, context: Context, response: Response
) -> FoundPage:
    """The verifications of an app with this ID number, newest first."""
    found = await context.identity.search(
        _apps(caller, body.app_id),
        body.id_number.get_secret_value(),
        actor=caller.actor,
        reason=body.reason,
    )
    hidden = await hidden_from([each.id for each in found], caller, context)
    keep_nowhere(response)
    items = [FoundModel.of(each, is_blind=each.id in hidden) for each in found]
    return FoundPage(items=items, more=len(found) == MOST)


@router.post(
    "/export",
    response_model=ExportModel,
    responses=problems("not_found", "unreadable", *_NUMBERS, *REFUSALS),
)
async def export_person(
    body: ExportBody, caller: WholeReader, context: Context, response: Response
) -> dict[str, Any]:
    """Everything that is stored of the person with this ID number, in the caller's apps."""
    items = await context.export.of(
        _apps(caller, body.app_id),
        body.id_number.get_secret_value(),
        actor=caller.actor,
        reason=body.reason,
    )
    keep_nowhere(response)
    return {"items": items, "more": len(items) == MOST}


@router.post(
    "/erasure",
    responses=problems("not_found", "no_key_store", *_NUMBERS, *REFUSALS),
)
async def erase_person(
    body: SearchBody, caller: Eraser, context: Context, response: Response
) -> PersonErasureModel:
    """Erase every verification of an app with this ID number: the newest 200. What is held stays.

    What is erased is no longer found by its number, so ask again until `more` is false. For 30 days the same
    request answers with the same receipts.
    """
    [app_id] = _apps(caller, body.app_id)
    ends, more = await context.person_erasure.of(
        app_id, body.id_number.get_secret_value(), actor=caller.actor, reason=body.reason
    )
    keep_nowhere(response)
    return PersonErasureModel.of(ends, more=more)


def _apps(caller: Caller, app_id: str | None) -> list[str]:
    apps = caller.narrowed(app_id)
    if not apps:
        raise ApiProblem("not_found")
    return apps
