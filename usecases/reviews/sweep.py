"""What the gateway does with cases at each sweep: claims and snoozes end, and overdue cases rise."""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from domain.people.actor import Actor
from domain.reviews.claims import escalate, lapse, wake
from domain.reviews.errors import ReviewRefused
from domain.reviews.history import apply
from domain.reviews.step import Seen, Step
from usecases.ports.reviews import CaseUpkeep

AT_ONCE: Final = 200

_ACTOR: Final = Actor.gateway("worker")

log = structlog.get_logger(__name__)


async def tend_cases(store: CaseUpkeep, *, now: datetime) -> int:
    """Do what is due for up to `AT_ONCE` cases, and return how many were changed. A later sweep does more.

    Nothing is decided here: a case that nobody looks at stays `review`.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    due = await store.due(now=now, limit=AT_ONCE)
    count = sum([await _tend(store, case_id, app_id, now=now) for case_id, app_id in due[:AT_ONCE]])
    if count:
        log.info("reviews.tended", count=count)
    return count


async def _tend(store: CaseUpkeep, case_id: UUID, app_id: str, *, now: datetime) -> bool:
    steps = 0

    def decide(seen: Seen) -> Step | None:
        nonlocal steps
        case = seen.case
        event = lapse(case, now) or wake(case, now) or escalate(case, now)
        steps += event is not None
        return None if event is None else Step(apply(case, event), event)

    try:
        await store.change(case_id, [app_id], decide, actor=_ACTOR)
    except ReviewRefused as error:
        log.info("review.changed_meanwhile", case_id=str(case_id), reason=error.code)
    return steps > 0
