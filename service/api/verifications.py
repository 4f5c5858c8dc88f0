"""Look verifications up."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adapters.store.lookups import Filters, VerificationRecord
from domain.model import BIZ_ID_SHAPE, Outcome, State, verification_id
from service.api.auth import Caller, Reader
from service.api.context import ApiContext, Context
from service.api.cursors import decode_cursor, encode_cursor
from service.api.errors import ApiProblem
from service.api.models import EXAMPLE, TimelineEventModel, TimelineModel, VerificationModel, VerificationPage
from service.api.responses import problems

MAX_WAIT = 30
_POLL = 1.0
_SETTLED = {State.DECIDED, State.EXPIRED}

router = APIRouter(prefix="/v1/verifications", tags=["verifications"])

BizId = Annotated[str, Path(max_length=128, examples=[EXAMPLE["biz_id"]])]
AppId = Annotated[str | None, Query(description="Needed only where several apps have this biz_id")]


@router.get(
    "/{biz_id}",
    responses=problems("unauthenticated", "missing_scope", "not_found", "app_id_required", "invalid_request"),
)
async def get_verification(
    biz_id: BizId,
    caller: Reader,
    context: Context,
    app_id: AppId = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to hold until it is decided")] = 0,
) -> VerificationModel:
    """One verification. With `wait`, the answer is held until it is decided or the seconds are over."""
    return VerificationModel.of(await find_verification(context, caller, biz_id, app_id=app_id, wait=wait))


class ListQuery(BaseModel):
    """What a list is narrowed to, and which page of it."""

    model_config = ConfigDict(extra="forbid")

    app_id: str | None = None
    biz_no: str | None = None
    outcome: Outcome | None = None
    state: State | None = None
    since: AwareDatetime | None = Field(None, description="created_at from here on")
    until: AwareDatetime | None = Field(None, description="created_at before this")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


@router.get("", responses=problems("unauthenticated", "missing_scope", "bad_cursor", "invalid_request"))
async def list_verifications(
    caller: Reader, context: Context, query: Annotated[ListQuery, Query()]
) -> VerificationPage:
    """Verifications, newest first."""
    filters = Filters(
        app_ids=caller.narrowed(query.app_id),
        biz_no=query.biz_no,
        outcome=query.outcome,
        state=query.state,
        since=query.since,
        until=query.until,
    )
    after = decode_cursor(query.cursor)
    found = await context.lookups.page(filters, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    more = len(found) > query.limit
    return VerificationPage(
        items=[VerificationModel.of(record) for record in page],
        next_cursor=encode_cursor((page[-1].created_at, page[-1].id)) if more else None,
    )


@router.get(
    "/{biz_id}/timeline",
    responses=problems("unauthenticated", "missing_scope", "not_found", "invalid_request"),
)
async def get_timeline(
    biz_id: BizId, caller: Reader, context: Context, app_id: AppId = None
) -> TimelineModel:
    """Every event of a verification, oldest first."""
    record = await find_verification(context, caller, biz_id, app_id=app_id)
    events = await context.lookups.timeline(record.id)
    return TimelineModel(items=[TimelineEventModel.of(event) for event in events])


async def find_verification(
    context: ApiContext, caller: Caller, biz_id: str, *, app_id: str | None, wait: float = 0
) -> VerificationRecord:
    """The one verification meant. Another app's is as unknown as one that does not exist."""
    app_ids = caller.narrowed(app_id)
    if not BIZ_ID_SHAPE.fullmatch(biz_id) or not app_ids:
        raise ApiProblem("not_found")
    found = await _find_settled(context, app_ids, biz_id, wait=wait)
    if len(found) > 1:
        raise ApiProblem("app_id_required")
    if not found:
        raise ApiProblem("not_found")
    return found[0]


async def _find_settled(
    context: ApiContext, app_ids: list[str], biz_id: str, *, wait: float
) -> list[VerificationRecord]:
    """What is there now; with `wait` seconds, as soon as it is settled, or at their end."""
    deadline = context.monotonic() + wait
    with context.announcements.expect(verification_id(app_id, biz_id) for app_id in app_ids) as announced:
        while True:
            found = await context.lookups.find(app_ids, biz_id)
            remaining = deadline - context.monotonic()
            if remaining <= 0 or any(record.state in _SETTLED for record in found):
                return found
            try:
                async with asyncio.timeout(min(remaining, _POLL)):
                    await announced.wait()
            except TimeoutError:
                continue
            announced.clear()
