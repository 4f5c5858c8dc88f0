"""The forms of endpoints: a new one, and a change of one."""

from typing import Final
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal, EndpointChanged, EndpointExists
from domain.events.webhooks.endpoint import Endpoint, EndpointSettings
from domain.events.webhooks.mistakes import EndpointRefused
from domain.people.session import Session
from service.console.app.forms.inputs import read_id
from service.console.app.forms.posted import Form, Posted
from service.console.app.languages import N_
from service.console.app.paths.views import read_time
from service.console.app.sessions import actor_of, apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.webhooks.endpoints import find, show
from service.console.pages.webhooks.forms import (
    BLANK,
    TLS,
    Asked,
    changed_since,
    fields_of,
    problems_of,
    read_settings,
    seen_of,
    typed,
)
from service.console.pages.webhooks.keeping import SCOPE, UNREADABLE, Keeper
from usecases.events.webhooks.manage_endpoints import Changes

router = APIRouter()

_SEE_OTHER: Final = 303

_NO_APP: Final = N_("Choose one of your apps.")
_DONE_BEFORE: Final = N_(
    "This form was sent before: the endpoint exists, and its secret was shown then. If nobody kept it, "
    "rotate the secret."
)
NAMES: Final = {
    "url": "URL",
    "types": N_("Events"),
    "outcome": N_("Outcomes"),
    "format": N_("Format"),
    "signature": N_("Signature"),
    "ed25519": N_("ed25519 key"),
    "max_in_flight": N_("Attempts at once"),
    "max_rate": N_("Attempts a second"),
    "schedule": N_("Pauses between attempts"),
    "headers": N_("Headers"),
    "ca": N_("Certificate authority"),
    "client_certificate": N_("Client certificate"),
    "state": N_("State"),
}
"""What others can have changed."""


class Sheet(msgspec.Struct, frozen=True):
    """What a form shows. `sent`: the form that was sent, whose view of the endpoint stays. `problems`: by
    field. `changed`: the fields that others have changed since; None if the endpoint is as it was shown.
    """

    fields: dict[str, str]
    endpoint: Endpoint | None = None
    sent: Posted | None = None
    problems: dict[str, str] = {}
    changed: list[str] | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return 422 if self.problems else 200 if self.changed is None else 409

    @property
    def seen(self) -> dict[str, str]:
        """What the form remembers of the endpoint: as the person saw it, or as it is now."""
        if self.endpoint is None:
            return {}
        now = {f"was_{name}": text for name, text in seen_of(self.endpoint).items()}
        now["seen"] = self.endpoint.updated_at.isoformat()
        if self.sent is None or self.changed is not None:
            return now
        return {name: self.sent[name] for name in now}

    @property
    def dropped(self) -> list[str]:
        """What is ticked to be removed."""
        if self.sent is None:
            return []
        return [*self.sent.all("drop_header"), *(name for name in TLS if self.sent[f"drop_{name}"])]


@router.get("/endpoints/new")
async def ask_for_endpoint(request: Request, context: Context, session: Keeper) -> Response:
    """The form of a new endpoint."""
    return _show(request, context, session, Sheet(BLANK | {"id": str(uuid4())}))


@router.post("/endpoints/new")
async def create_endpoint(request: Request, context: Context, session: Keeper, form: Form) -> Response:
    """Create an endpoint and show its secret once. The same form again creates nothing."""
    endpoint_id, app_id = read_id(form["id"]), form["app"]
    asked, problems = read_settings(form)
    if app_id not in apps_of(session, SCOPE, context.app_ids):
        problems["app"] = _NO_APP
    if problems:
        return _show(request, context, session, Sheet(typed(form), problems=problems))
    try:
        shown = await context.webhooks.endpoints.create(
            app_id,
            EndpointSettings(**asked.settings),
            extra=Changes(headers=asked.headers, tls=asked.tls, ed25519=asked.ed25519),
            actor=actor_of(request, session),
            endpoint_id=endpoint_id,
        )
    except EndpointRefused as error:
        return _show(request, context, session, Sheet(typed(form), problems=problems_of(error, asked)))
    except EndpointExists:
        return await show(request, context, session, endpoint_id, problem=_DONE_BEFORE, status=409)
    return page(request, "webhooks/secret.html", status=201, endpoint=shown.endpoint, secret=shown.secret)


@router.get("/endpoints/{endpoint_id}/change")
async def ask_for_change(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """The form of an endpoint as it is now, without what is secret."""
    endpoint = await find(context, session, read_id(endpoint_id))
    return _show(request, context, session, Sheet(fields_of(endpoint), endpoint))


@router.post("/endpoints/{endpoint_id}/change")
async def change_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, form: Form
) -> Response:
    """Change what differs from the endpoint as it is. A form of an endpoint that others have changed since is
    shown again, with what they changed; the same form again changes nothing.
    """
    endpoint = await find(context, session, read_id(endpoint_id))
    asked, problems = read_settings(form)
    try:
        changes = _changes(asked, form, endpoint)
        if changes != Changes() and not problems:
            await context.webhooks.endpoints.change(
                endpoint.id,
                [endpoint.app_id],
                changes,
                actor=actor_of(request, session),
                seen=read_time(form["seen"], context.zone) or context.clock(),
            )
    except EndpointRefused as error:
        problems = problems_of(error, asked)
    except BrokenSeal:
        problems = {"": UNREADABLE}
    except EndpointChanged:
        endpoint = await find(context, session, endpoint.id)
        stale = Sheet(typed(form), endpoint, form, changed=changed_since(form, endpoint))
        return _show(request, context, session, stale)
    if problems:
        return _show(request, context, session, Sheet(typed(form), endpoint, form, problems))
    return RedirectResponse(f"/endpoints/{endpoint.id}?done=changed", _SEE_OTHER)


def _changes(asked: Asked, form: Posted, endpoint: Endpoint) -> Changes:
    """What the form asks for and the endpoint does not have. Raises BrokenSeal."""
    private = endpoint.private
    if private is None:
        raise BrokenSeal
    settings = {
        name: value for name, value in asked.settings.items() if value != getattr(endpoint.settings, name)
    }
    wanted = dict[str, str | None](asked.headers)
    wanted |= {name: None for name in form.all("drop_header") if name not in wanted}
    known = dict(private.headers)
    tls = {name: asked.tls.get(name) for name in TLS if name in asked.tls or form[f"drop_{name}"]}
    differs = asked.ed25519 != bool(private.keys)
    return Changes(
        settings=settings,
        headers={name: value for name, value in wanted.items() if known.get(name) != value},
        tls={name: text for name, text in tls.items() if getattr(private, name) != text},
        ed25519=asked.ed25519 if differs else None,
    )


def _show(request: Request, context: ConsoleContext, session: Session, sheet: Sheet) -> Response:
    return page(
        request,
        "webhooks/form.html",
        status=sheet.status,
        sheet=sheet,
        endpoint=sheet.endpoint,
        fields=dict.fromkeys(("headers", *TLS, "app", "id", *NAMES), "") | sheet.fields,
        now_is={} if sheet.endpoint is None else seen_of(sheet.endpoint),
        changed=sheet.changed,
        problems=sheet.problems,
        names=NAMES,
        app_ids=apps_of(session, SCOPE, context.app_ids),
    )
