"""Find the verification that a request names; the only place that answers 404 for it."""

from typing import Annotated

from fastapi import Depends, Path, Query, Security

from domain.model import BIZ_ID_SHAPE
from domain.views.verifications import VerificationRecord
from service.api.auth import Caller, authenticate
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.models.verifications import EXAMPLE

BizId = Annotated[str, Path(max_length=128, examples=[EXAMPLE["biz_id"]])]
AppId = Annotated[str | None, Query(description="Needed only where several apps have this biz_id")]


async def find_verification(
    biz_id: BizId,
    caller: Annotated[Caller, Depends(authenticate)],
    context: Context,
    app_id: AppId = None,
) -> VerificationRecord:
    """The verification named in the request. One of an app that the caller may not see is a 404 too."""
    app_ids = caller.narrowed(app_id)
    if not BIZ_ID_SHAPE.fullmatch(biz_id) or not app_ids:
        raise ApiProblem("not_found")
    found = await context.lookups.find(app_ids, biz_id)
    if len(found) > 1:
        raise ApiProblem("app_id_required")
    if not found:
        raise ApiProblem("not_found")
    return found[0]


Verification = Annotated[VerificationRecord, Security(find_verification, scopes=["verifications:read"])]
"""The verification named by a caller with a read scope."""
OperatedVerification = Annotated[VerificationRecord, Security(find_verification, scopes=["operate"])]
"""The verification named by an operator."""
