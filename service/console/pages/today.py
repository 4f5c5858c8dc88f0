"""The first screen: what needs somebody now, and how the last day and week went."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.views.operations.figures import Letters, StoreFigures
from domain.views.operations.processes import ApiStatus, IngressStatus, SeenHeartbeat, WorkerStatus
from domain.views.outcomes import hours_until
from domain.views.reviews import WaitingCases
from service.console.app.sessions import Reader, apps_of
from service.console.app.templates import page
from service.console.charts.outcomes import OutcomeChart, by_day, by_hour
from service.console.context import ConsoleContext, Context
from service.console.readings import Readings

router = APIRouter()

_SCOPE: Final = "verifications:read"
_DAY: Final = 24
_WEEK: Final = 7 * _DAY
_REASONS: Final = 8


class StoreNow(msgspec.Struct, frozen=True):
    """What PostgreSQL counts for some apps. `failing`: seconds for which the endpoint fails that fails
    longest; 0 if none does. `letters`: the reasons with the most dead letters."""

    near_loss: int
    undecided: int
    held: int
    letters: Sequence[Letters]
    letters_in_all: int
    failing: float
    disabled: int
    pending: int
    oldest_delivery: float


class SpoolNow(msgspec.Struct, frozen=True):
    """What lies on the disks of all ingresses. `oldest`: seconds."""

    size: int
    oldest: float


class VendorNow(msgspec.Struct, frozen=True):
    """The calls of one app since the workers' start, by how they ended, and what keeps calls back."""

    app_id: str
    calls: Mapping[str, int]
    circuits: Sequence[str]
    refusals: Sequence[str]


class CasesNow(msgspec.Struct, frozen=True):
    """Review cases that wait. `oldest`: seconds."""

    count: int
    overdue: int
    oldest: float


class Charts(msgspec.Struct, frozen=True):
    """The outcomes of the last 24 hours and 7 days."""

    day: OutcomeChart
    week: OutcomeChart


@router.get("/")
async def show_today(request: Request, context: Context, session: Reader) -> Response:
    """The figures of the person's apps; what is not to be had is left out, and said."""
    app_ids = apps_of(session, _SCOPE, context.app_ids)
    readings = await context.readings.read(context.clock())
    alive = readings.alive or ()
    return page(
        request,
        "today.html",
        readings=readings,
        store=_store(readings.store, set(app_ids)) if readings.store else None,
        cases=_cases(readings, set(app_ids)),
        spool=_spool(alive),
        vendor=[_vendor(app_id, alive) for app_id in app_ids],
        charts=await _charts(context, app_ids, context.clock()),
        alive=alive,
    )


def _store(figures: StoreFigures, apps: set[str]) -> StoreNow:
    waiting = [each for each in figures.open if each.app_id in apps]
    letters = [each for each in figures.letters if each.app_id in apps and each.count]
    endpoints = [each for each in figures.endpoints if each.app_id in apps]
    deliveries = [each for each in figures.deliveries if each.app_id in apps]
    return StoreNow(
        near_loss=sum(each.near_loss for each in waiting),
        undecided=sum(each.count for each in waiting),
        held=sum(each.held for each in waiting),
        letters=sorted(letters, key=lambda each: -each.count)[:_REASONS],
        letters_in_all=sum(each.count for each in letters),
        failing=max((each.failing for each in endpoints), default=0.0),
        disabled=sum(each.count for each in endpoints if each.state == "disabled"),
        pending=sum(each.pending for each in deliveries),
        oldest_delivery=max((each.oldest for each in deliveries), default=0.0),
    )


def _cases(readings: Readings, apps: set[str]) -> CasesNow | None:
    if readings.cases is None:
        return None
    mine: list[WaitingCases] = [each for each in readings.cases if each.app_id in apps]
    oldest = max((each.oldest.total_seconds() for each in mine), default=0.0)
    return CasesNow(sum(each.count for each in mine), sum(each.overdue for each in mine), oldest)


def _spool(alive: Iterable[SeenHeartbeat]) -> SpoolNow:
    of_each = [seen.status(IngressStatus) for seen in alive if seen.heartbeat.role == "ingress"]
    oldest = max((each.spool_oldest_seconds for each in of_each), default=0.0)
    return SpoolNow(sum(each.spool_bytes for each in of_each), oldest)


def _vendor(app_id: str, alive: Iterable[SeenHeartbeat]) -> VendorNow:
    calls, circuits, refusals = Counter[str](), set(), set()
    for seen in alive:
        status = seen.status(WorkerStatus)
        if seen.heartbeat.role == "worker":
            calls.update(status.pulls.get(app_id, {}))
            circuits |= {status.circuits[app_id]} if app_id in status.circuits else set()
        refused = status.refusals if seen.heartbeat.role == "worker" else seen.status(ApiStatus).refusals
        refusals |= {refused[app_id]} if app_id in refused else set()
    return VendorNow(app_id, dict(sorted(calls.items())), sorted(circuits), sorted(refusals))


async def _charts(context: ConsoleContext, app_ids: Sequence[str], now: datetime) -> Charts | None:
    hours = await context.readings.outcomes(app_ids, hours_until(now, count=_WEEK), now=now)
    if hours is None:
        return None
    return Charts(by_hour(hours, count=_DAY), by_day(hours, context.zone))
