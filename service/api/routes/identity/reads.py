"""Identity, unmasked: for a reason, with the audit before the answer, and nowhere else."""

from typing import Final

from fastapi import Response

from domain.identity.reading import SCOPE_OF, Field
from service.api.auth import Reader, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import Verification
from service.api.models.shown_identity import ImageModel, ReadBody, ShownIdentityModel
from service.api.responses import problems

router = guarded_router("/v1/verifications", tag="identity")

REFUSALS: Final = ("reason_required", "reason_has_number", "identity_limit", "unavailable", "invalid_request")


@router.post(
    "/{biz_id}/identity",
    responses=problems("not_found", "app_id_required", "unreadable", *REFUSALS),
)
async def read_identity(
    body: ReadBody, caller: Reader, verification: Verification, context: Context, response: Response
) -> ShownIdentityModel:
    """Unmasked. Each field needs its scope too: `identity:name`, `identity:number`, `identity:images`."""
    fields = {Field(each) for each in body.fields}
    apps = caller.token.apps_for({"verifications:read", *(SCOPE_OF[each] for each in fields)})
    if apps is not None and verification.app_id not in apps:
        raise ApiProblem("missing_scope")
    identity = await context.identity.read(verification, fields, actor=caller.actor, reason=body.reason)
    keep_nowhere(response)
    return ShownIdentityModel(
        app_id=verification.app_id,
        biz_id=verification.biz_id,
        name=identity.name,
        id_number=identity.id_number,
        images=None if identity.images is None else [ImageModel.of(each) for each in identity.images],
    )


def keep_nowhere(response: Response) -> None:
    """No proxy and no browser keeps the answer."""
    response.headers["cache-control"] = "no-store"
