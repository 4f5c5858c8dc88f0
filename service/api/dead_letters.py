"""Dead letters: list, retry, delete."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query

from service.api.auth import Operator
from service.api.context import Context
from service.api.cursors import decode_cursor, encode_cursor
from service.api.errors import ApiProblem
from service.api.models import Accepted, DeadLetterModel, DeadLetterPage
from service.api.responses import problems

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])


@router.get("", responses=problems("unauthenticated", "missing_scope", "bad_cursor", "invalid_request"))
async def list_dead_letters(
    caller: Operator,
    context: Context,
    app_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> DeadLetterPage:
    """Dead letters, last seen first."""
    found = await context.dead_letters.page(
        caller.narrowed(app_id), limit=limit + 1, after=decode_cursor(cursor)
    )
    page = found[:limit]
    more = len(found) > limit
    return DeadLetterPage(
        items=[DeadLetterModel.of(letter) for letter in page],
        next_cursor=encode_cursor((page[-1].last_seen_at, page[-1].id)) if more else None,
    )


@router.post(
    "/{letter_id}/retry",
    status_code=202,
    responses=problems("unauthenticated", "missing_scope", "not_found", "invalid_request"),
)
async def retry_dead_letter(letter_id: UUID, caller: Operator, context: Context) -> Accepted:
    """Put the callback back into the inbox; should it fail again, it becomes a dead letter again."""
    callback = await context.dead_letters.open(letter_id, caller.app_ids)
    if callback is None:
        raise ApiProblem("not_found")
    # In the inbox before it leaves the dead letters: a crash in between runs it twice, which is harmless.
    batch_id = uuid4().hex
    await context.inbox.put(batch_id, [callback])
    await context.dead_letters.delete(letter_id, caller.app_ids)
    await context.queue.enqueue(batch_id)
    return Accepted()


@router.delete(
    "/{letter_id}",
    status_code=204,
    responses=problems("unauthenticated", "missing_scope", "not_found", "invalid_request"),
)
async def delete_dead_letter(letter_id: UUID, caller: Operator, context: Context) -> None:
    """Delete a dead letter for good."""
    if not await context.dead_letters.delete(letter_id, caller.app_ids):
        raise ApiProblem("not_found")
