"""The audit: who did what."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from domain.views.audit import AuditFilter, AuditPosition
from service.api.auth import Auditor, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.cursors import decode_cursor, encode_cursor
from service.api.models.audit import AuditPageModel, AuditQuery, AuditRowModel
from service.api.responses import problems

router = guarded_router("/v1/audit", tag="audit")


@router.get("", responses=problems("bad_cursor", "invalid_request", "unavailable"))
async def list_audit(
    caller: Auditor, context: Context, query: Annotated[AuditQuery, Query()]
) -> AuditPageModel:
    """Rows of the audit, newest first.

    A caller that is limited to apps gets the rows of these apps. A page may have fewer rows than `limit`:
    continue while there is a `next_cursor`.
    """
    which = AuditFilter(
        app_ids=None if caller.of_every_app else tuple(caller.app_ids),
        **query.model_dump(include={"actor", "action", "subject", "since"}),
    )
    page = await context.audit.page(which, limit=query.limit, after=_position(query.cursor))
    items = [AuditRowModel.of(row) for row in page.items]
    return AuditPageModel(items=items, next_cursor=None if page.next is None else _cursor(page.next))


def _cursor(position: AuditPosition) -> str:
    at, number = position
    return encode_cursor((at, UUID(int=number)))


def _position(cursor: str | None) -> AuditPosition | None:
    position = decode_cursor(cursor)
    if position is None:
        return None
    if position[1].int >= 2**63:
        raise ApiProblem("bad_cursor")
    return position[0], position[1].int
