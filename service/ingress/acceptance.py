"""Accept one callback: read, verify, store. The worker does everything else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec
from starlette.types import Receive, Scope

from domain.apps.app import App
from domain.callback.form import read_form
from domain.callback.signature import HashName, refusal_hashes, verify_signature
from domain.callback.strict_json import read_members
from domain.model import AcceptedCallback, CallbackKind
from service.http.lifecycle import Lifecycle
from service.ingress.body import body_headers, read_body
from service.ingress.duplicates import Duplicates, mark_of
from service.ingress.return_hints import ThrottledReturnHints
from service.ingress.stats import IngressStats
from usecases.ports.callbacks.ingress import Intake

_UNKNOWN_APP: Final = App(app_id="", api_key="", secrets=())


@dataclass(frozen=True)
class IngressContext:
    """The dependencies of the ingress, built once by `service.ingress.main`."""

    apps: Mapping[str, App]
    intake: Intake
    max_body_bytes: int
    clock: Callable[[], datetime]
    return_hints: ThrottledReturnHints
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    stats: IngressStats = field(default_factory=IngressStats)
    duplicates: Duplicates = field(default_factory=Duplicates)

    @cached_property
    def refusal_hashes(self) -> Mapping[HashName, int]:
        """The number of hashes that every refused signature costs, independent of the app."""
        return refusal_hashes((app.hash_name, len(app.secrets)) for app in self.apps.values())


async def accept_callback(
    context: IngressContext, kind: CallbackKind, scope: Scope, receive: Receive
) -> Mapping[str, msgspec.Raw]:
    """Accept one callback and return the members of its payload, not decoded.

    Returns only once the callback is durable.

    Raises:
        RefusedCallback: one of its subclasses; nothing was stored.
        ClientDisconnect: the sender disconnected before the body was complete.
    """
    headers = body_headers(scope)
    body = await read_body(receive, declared=headers.content_length, limit=context.max_body_bytes)
    form = read_form(headers.content_type, body, content_encoding=headers.content_encoding)
    app = context.apps.get(scope["path_params"]["app_id"], _UNKNOWN_APP)
    secret_index = verify_signature(
        form.data,
        form.sign,
        secrets=app.secrets,
        hash_name=app.hash_name,
        refusal=context.refusal_hashes,
    )
    members = read_members(form.data)
    callback = AcceptedCallback(
        app_id=app.app_id,
        kind=kind,
        received_at=context.clock(),
        secret_index=secret_index,
        data=form.data,
    )
    await context.duplicates.once(mark_of(app.app_id, kind, form), callback, context.intake.accept)
    context.stats.count_accepted(app.app_id)
    return members
