"""The audit: who did what, from where and why; filtered, and exported as lines of JSON."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from domain.audit.action import Action
from domain.audit.blocks import members_of
from domain.audit.row import AuditRow
from domain.people.session import Session
from domain.views.audit import AuditFilter, AuditPosition
from service.console.app.forms.inputs import read_word
from service.console.app.forms.posted import Form
from service.console.app.paths.views import ListView, decode_cursor, encode_cursor, read_time
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.app.templates import page
from service.console.app.words.audit import ACTIONS
from service.console.context import ConsoleContext, Context

router = APIRouter()

PAGE: Final = 50
EXPORTED: Final = 100_000
"""Rows of one export at most."""
_CHUNK: Final = 1000
_SCOPE: Final = "audit"
Auditor = Annotated[Session, needs(_SCOPE)]


class View(ListView, frozen=True):
    """What the URL asks for; "" for a filter that is not set."""

    path = "/audit"

    app: str = ""
    actor: str = ""
    action: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""
    after: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "View":
        """The view in a query or in a form."""
        given = cls.given(values)
        return cls(**given | {"action": read_word(Action, given["action"]) or ""})

    @property
    def is_filtered(self) -> bool:
        """Whether it shows less than everything."""
        return msgspec.structs.replace(self, after="") != View()


@router.get("/audit")
async def list_audit(request: Request, context: Context, session: Auditor) -> Response:
    """Rows that match, newest first. A page may be short, and not be the last."""
    view = View.of(request.query_params)
    found = await context.audit.page(_filter(view, context, session), limit=PAGE, after=_position(view.after))
    return page(
        request,
        "audit/list.html",
        view=view,
        app_ids=apps_of(session, _SCOPE, context.app_ids),
        actions=ACTIONS,
        rows=found.items,
        next="" if found.next is None else view.url(after=_cursor(found.next)),
        most=EXPORTED,
    )


@router.post("/audit/export")
async def export_audit(request: Request, context: Context, session: Auditor, form: Form) -> Response:
    """The rows that match as lines of JSON. The export itself is in the audit first."""
    view = View.of(form)
    which = _filter(view, context, session)
    detail = {name: text for name, text in msgspec.structs.asdict(view).items() if text and name != "after"}
    actor = actor_of(request, session)
    await context.audit.note(AuditRow.by(actor, Action.AUDIT_EXPORTED, detail=detail))
    name = f"audit-{context.clock():%Y%m%d-%H%M%S}.jsonl"
    return StreamingResponse(
        _lines(context, which),
        media_type="application/x-ndjson",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _lines(context: ConsoleContext, which: AuditFilter) -> AsyncIterator[bytes]:
    after, count = None, 0
    while count < EXPORTED:
        found = await context.audit.page(which, limit=_CHUNK, after=after)
        count += len(found.items)
        for row in found.items:
            yield _line(members_of(row))
        after = found.next
        if after is None:
            return
    yield _line({"more": True})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _filter(view: View, context: ConsoleContext, session: Session) -> AuditFilter:
    mine = session.rights.apps_for([_SCOPE])
    app_ids = None if mine is None else tuple(sorted(mine))
    if view.app:
        app_ids = (view.app,) if session.rights.may(_SCOPE, view.app) else ()
    return AuditFilter(
        app_ids=app_ids,
        actor=view.actor or None,
        action=view.action or None,
        subject=view.subject or None,
        since=read_time(view.since, context.zone),
        until=read_time(view.until, context.zone),
    )


def _cursor(position: AuditPosition) -> str:
    at, number = position
    return encode_cursor((at, UUID(int=number)))


def _position(cursor: str) -> AuditPosition | None:
    position = decode_cursor(cursor)
    if position is None or position[1].int >= 2**63:
        return None
    return position[0], position[1].int
