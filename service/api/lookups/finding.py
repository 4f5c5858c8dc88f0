"""Find the verification that a request names; the only place that answers 404 for it."""

from collections.abc import Collection, Sequence
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Path, Query, Security

from domain.model import BIZ_ID_SHAPE
from domain.views.verifications import Filters, VerificationRecord
from service.api.auth import Caller, authenticate
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.models.verifications import EXAMPLE
from usecases.reviews.blind import blinded, listed_for

Found = TypeVar("Found")

BizId = Annotated[str, Path(max_length=128, examples=[EXAMPLE["biz_id"]])]
AppId = Annotated[str | None, Query(description="Needed only where several apps have this biz_id")]


async def find_verification(
    biz_id: BizId,
    caller: Annotated[Caller, Depends(authenticate)],
    context: Context,
    app_id: AppId = None,
) -> VerificationRecord:
    """The verification named in the request. One of an app that the caller may not see is a 404 too."""
    found = await context.lookups.find(_apps_to_ask(biz_id, caller, app_id), biz_id)
    [seen] = await as_seen([_only(found)], caller, context)
    return seen


class Named(NamedTuple):
    """What an app calls `biz_id`, whether it is recorded or not."""

    app_id: str
    biz_id: str


async def find_erasable(
    biz_id: BizId,
    caller: Annotated[Caller, Depends(authenticate)],
    context: Context,
    app_id: AppId = None,
) -> Named:
    """The verification named in the request, or that of which the caller's apps have dead letters alone."""
    app_ids = _apps_to_ask(biz_id, caller, app_id)
    found: Sequence[str] = [each.app_id for each in await context.lookups.find(app_ids, biz_id)]
    if not found:
        # One app needs no choice: the erasure itself looks, into letters of older versions too.
        alone = len(app_ids) == 1
        found = app_ids if alone else await context.erasures.apps_with_letters(app_ids, biz_id)
    return Named(_only(found), biz_id)


def _apps_to_ask(biz_id: str, caller: Caller, app_id: str | None) -> list[str]:
    app_ids = caller.narrowed(app_id)
    if not BIZ_ID_SHAPE.fullmatch(biz_id) or not app_ids:
        raise ApiProblem("not_found")
    return app_ids


def _only(found: Sequence[Found]) -> Found:
    if len(found) > 1:
        raise ApiProblem("app_id_required")
    if not found:
        raise ApiProblem("not_found")
    return found[0]


async def as_seen(
    records: Sequence[VerificationRecord], caller: Caller, context: ApiContext
) -> list[VerificationRecord]:
    """The records without what the caller must not know before a blind second look."""
    person = caller.token.person
    if person is None:
        return list(records)
    return await blinded(context.reviews.store, records, person_id=person.id, app_ids=_reviewed_by(caller))


def filters_for(filters: Filters, caller: Caller) -> Filters:
    """The filters by which the caller may list."""
    person = caller.token.person
    person_id = None if person is None else person.id
    return listed_for(filters, person_id=person_id, app_ids=_reviewed_by(caller))


def _reviewed_by(caller: Caller) -> list[str]:
    apps = caller.token.reviewed_apps
    return caller.app_ids if apps is None else list(apps)


async def hidden_from(
    verification_ids: Sequence[UUID], caller: Caller, context: ApiContext
) -> Collection[UUID]:
    """Those of these verifications of which a blind second look waits that the caller may take."""
    person = caller.token.person
    if person is None or not verification_ids:
        return ()
    return await context.reviews.store.second_looks(verification_ids, person_id=person.id)


Verification = Annotated[VerificationRecord, Security(find_verification, scopes=["verifications:read"])]
"""The verification named by a caller with a read scope."""
OperatedVerification = Annotated[VerificationRecord, Security(find_verification, scopes=["operate"])]
"""The verification named by an operator."""
