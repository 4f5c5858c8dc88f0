"""Look verifications up."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adapters.tasks.giving_way import giving_way
from domain.model import BIZ_ID_SHAPE, Outcome, State, verification_id
from domain.policy.reasons import Code
from domain.views.verifications import Filters
from service.api.auth import Reader, guarded_router
from service.api.context import Context
from service.api.lookups.cursors import decode_cursor, encode_cursor
from service.api.lookups.finding import AppId, BizId, Verification, as_seen, filters_for
from service.api.lookups.waiting import wait_until_ended
from service.api.models.answers import answer_of, page_json
from service.api.models.verifications import (
    TimelineEventModel,
    TimelineModel,
    VerificationModel,
    VerificationPage,
)
from service.api.responses import problems
from service.api.routes.verifications.lookup_route import LookupRoute, answer_lookup
from usecases.reviews.blind import without_reviews

MAX_WAIT = 30

router = guarded_router("/v1/verifications", tag="verifications")


async def get_verification(
    biz_id: BizId,
    request: Request,
    caller: Reader,
    context: Context,
    app_id: AppId = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for the decision")] = 0,
) -> Response:
    """One verification. `wait` holds the answer until it is decided or the seconds are over."""
    app_ids = caller.narrowed(app_id)
    if wait and app_ids and BIZ_ID_SHAPE.fullmatch(biz_id):
        ids = tuple(verification_id(each, biz_id) for each in app_ids)
        async with caller.turn.rest():
            await wait_until_ended(context, request, ids=ids, seconds=wait)
        await context.door.check_again(request, request.state.entry)
    return await answer_lookup(biz_id, caller, context, app_id)


router.add_api_route(
    "/{biz_id}",
    get_verification,
    methods=["GET"],
    route_class_override=LookupRoute,
    response_model=VerificationModel,
    responses=problems("not_found", "app_id_required", "invalid_request"),
)


class ListQuery(BaseModel):
    """The filters and the page of a list."""

    model_config = ConfigDict(extra="forbid")

    app_id: str | None = None
    biz_no: str | None = None
    outcome: Outcome | None = Field(None, description="The policy's")
    effective_outcome: Outcome | None = Field(
        None, description="The one that counts: a person's if a review was concluded, else the policy's"
    )
    reason: Code | None = Field(
        None, description="Only decisions that have this reason and are not `approved` by the policy"
    )
    state: State | None = None
    since: AwareDatetime | None = Field(None, description="Only verifications created since this time")
    until: AwareDatetime | None = Field(None, description="Only verifications created before this time")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


@router.get("", response_model=VerificationPage, responses=problems("bad_cursor", "invalid_request"))
async def list_verifications(
    caller: Reader, context: Context, query: Annotated[ListQuery, Query()]
) -> Response:
    """Verifications, newest first."""
    filters = Filters(
        app_ids=caller.narrowed(query.app_id),
        biz_no=query.biz_no,
        outcome=query.outcome,
        effective_outcome=query.effective_outcome,
        reason=query.reason,
        state=query.state,
        since=query.since,
        until=query.until,
    )
    after = decode_cursor(query.cursor)
    which = filters_for(filters, caller)
    found = await context.lookups.page(which, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    more = len(found) > query.limit
    next_cursor = encode_cursor((page[-1].created_at, page[-1].id)) if more else None
    seen = await as_seen(page, caller, context)
    if query.effective_outcome is not None:
        seen = [record for record in seen if not record.is_blind]
    items = [answer_of(record) async for record in giving_way(seen)]
    return Response(page_json(items, next_cursor), media_type="application/json")


@router.get(
    "/{biz_id}/timeline",
    responses=problems("not_found", "invalid_request"),
)
async def get_timeline(verification: Verification, context: Context) -> TimelineModel:
    """Every event of a verification, oldest first."""
    events = await context.lookups.timeline(verification.id)
    shown = without_reviews(events) if verification.is_blind else events
    return TimelineModel(items=[TimelineEventModel.of(event) for event in shown])
