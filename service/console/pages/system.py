"""The gateway itself: processes, queue, durability in force, spool, versions, settings without secrets."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.people.session import Session
from domain.views.operations.processes import (
    ApiStatus,
    IngressStatus,
    KeysStatus,
    SeenHeartbeat,
    WorkerStatus,
)
from service.console.app.sessions import needs
from service.console.app.templates import page
from service.console.context import Context
from service.http.serving import VERSION

router = APIRouter()

_AHEAD: Final = 2.0
"""Seconds by which a clock may differ from Redis's before the page points at it."""
Operator = Annotated[Session, needs("operate")]


class ProcessRow(msgspec.Struct, frozen=True):
    """A live process. `ahead`: seconds by which its clock is ahead of Redis's. `notes`: what is not as it
    should be, as a word and a value.
    """

    seen: SeenHeartbeat
    ahead: float
    has_odd_clock: bool
    is_other_version: bool
    notes: Sequence[tuple[str, str]]


class SpoolRow(msgspec.Struct, frozen=True):
    """What lies on the disk of one ingress."""

    process: str
    status: IngressStatus


@router.get("/system")
async def show_system(request: Request, context: Context, _session: Operator) -> Response:
    """What runs, and on what."""
    readings = await context.readings.read(context.clock())
    alive = readings.alive or ()
    return page(
        request,
        "system/system.html",
        version=VERSION,
        parts=await context.readiness.parts(),
        is_heard=readings.alive is not None,
        processes=[_row(seen) for seen in alive],
        spools=[
            SpoolRow(seen.heartbeat.host, seen.status(IngressStatus))
            for seen in alive
            if seen.heartbeat.role == "ingress"
        ],
        backlog=readings.backlog,
        settings=context.settings,
    )


def _row(seen: SeenHeartbeat) -> ProcessRow:
    ahead = round(seen.clock_ahead.total_seconds(), 1) + 0.0
    return ProcessRow(
        seen, ahead, abs(ahead) > _AHEAD, seen.heartbeat.version != VERSION, tuple(_notes_of(seen))
    )


def _notes_of(seen: SeenHeartbeat) -> Sequence[tuple[str, str]]:
    if seen.heartbeat.role == "ingress":
        ingress = seen.status(IngressStatus)
        return [] if ingress.circuit == "closed" else [("redis_circuit", ingress.circuit)]
    if seen.heartbeat.role != "worker":
        api = seen.status(ApiStatus)
        return [*_of_keys(api.keys), *_named("refused", api.refusals)]
    worker = seen.status(WorkerStatus)
    error = [("last_error", worker.last_error)] if worker.last_error else []
    ways = [*_named("circuit", worker.circuits), *_named("refused", worker.refusals)]
    return [*error, *_of_keys(worker.keys), *ways]


def _of_keys(keys: KeysStatus | None) -> list[tuple[str, str]]:
    return [] if keys is None or keys.up else [("keys", f"{keys.left / 60:.0f} min")]


def _named(word: str, by_app: dict[str, str]) -> list[tuple[str, str]]:
    return [(word, f"{app_id}: {state}") for app_id, state in sorted(by_app.items())]
