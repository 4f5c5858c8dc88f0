"""Dead letters: list, retry, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.views.letters import LetterFilter
from service.api.auth import Operator, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.cursors import decode_cursor, encode_cursor
from service.api.models.letters import BulkRetry, DeadLetterModel, DeadLetterPage, RetriedModel
from service.api.models.verifications import Accepted
from service.api.responses import problems

router = guarded_router("/v1/dead-letters", tag="dead letters")


@router.get("", responses=problems("bad_cursor", "invalid_request"))
async def list_dead_letters(
    caller: Operator,
    context: Context,
    app_id: str | None = None,
    reason: str | None = None,
    retried: Annotated[
        bool, Query(description="Letters that are being retried, instead of the others")
    ] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> DeadLetterPage:
    """Dead letters, last seen first."""
    which = LetterFilter(caller.narrowed(app_id), reason, retried=retried)
    found = await context.dead_letters.page(which, limit=limit + 1, after=decode_cursor(cursor))
    page = found[:limit]
    more = len(found) > limit
    return DeadLetterPage(
        items=[DeadLetterModel.of(letter) for letter in page],
        next_cursor=encode_cursor((page[-1].last_seen_at, page[-1].id)) if more else None,
    )


@router.post(
    "/retry",
    status_code=202,
    responses=problems("invalid_request", "redis_full", "unavailable"),
)
async def retry_dead_letters(order: BulkRetry, caller: Operator, context: Context) -> RetriedModel:
    """Put the callbacks of up to `limit` dead letters with one reason back into the inbox, oldest first.

    Repeat while `remaining` exceeds `unreadable`: letters that no configured master key opens stay.
    """
    which = LetterFilter(caller.narrowed(order.app_id), order.reason)
    return RetriedModel.of(await context.retries.retry_all(which, limit=order.limit, actor=caller.actor))


@router.post(
    "/{letter_id}/retry",
    status_code=202,
    responses=problems(
        "not_found",
        "unreadable",
        "invalid_request",
        "redis_full",
        "unavailable",
    ),
)
async def retry_dead_letter(letter_id: UUID, caller: Operator, context: Context) -> Accepted:
    """Put the callback back into the inbox; if it fails again, it becomes a dead letter again."""
    await context.retries.retry_one(letter_id, caller.app_ids, actor=caller.actor)
    return Accepted()


@router.delete(
    "/{letter_id}",
    status_code=204,
    responses=problems("not_found", "legal_hold", "invalid_request"),
)
async def delete_dead_letter(letter_id: UUID, caller: Operator, context: Context) -> None:
    """Delete a dead letter permanently, unless a legal hold is on its verification."""
    row = AuditRow.by(caller.actor, Action.LETTER_DELETED, subject=str(letter_id))
    if not await context.dead_letters.delete(letter_id, caller.app_ids, audit=row):
        raise ApiProblem("not_found")
