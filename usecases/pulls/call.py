"""One call of get_result: reserved, made, and its answer on the ledger before anybody reads it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Final, TypeVar

import msgspec
import structlog

from domain.apps.app import App
from domain.errors import ServerAway
from domain.identity.pictures import without_runs
from domain.pulls.answer import Answer, Kind
from domain.pulls.budget import PullState
from domain.verifications.records import Case, FinishedPull
from usecases.context import WorkerContext
from usecases.pictures.keep import PictureKeeping, Taken
from usecases.process.vendor_gates import Call, LeftAlone

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_TRIES: Final = 5
"""For an answer that PostgreSQL does not take, though it is there: a session in disorder may do so once."""

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


async def make_call(
    context: WorkerContext, case: Case, app: App, *, n: int, patience: timedelta | None
) -> Answer | LeftAlone | None:
    """Make call `n`; LeftAlone: not now, by the vendor's state; None: somebody else has just reserved it.

    `patience` is that of the gates.

    Raises:
        ServerAway: PostgreSQL is away; nothing was sent.
    """
    # Take the slots before reserving, so that every reserved call is actually in flight.
    call = await context.gates.enter(app.app_id, room=context.pictures.slots_for(app), patience=patience)
    if isinstance(call, LeftAlone):
        return call
    # Not cancelled after the reservation: a reserved call is spent whether it is made or not.
    return await context.gates.through(_make(context, case, app, n, call))


async def _make(context: WorkerContext, case: Case, app: App, n: int, call: Call) -> Answer | None:
    try:
        answer = await _reserve_and_pull(context, case, app, n, call)
        if answer is None:
            return None
        kept = await _keep(context, app, FinishedPull(case.lease, n, answer, context.clock()))
        context.reached("after_raw_stored")
        return kept.answer
    finally:
        context.gates.forget(call)


async def _reserve_and_pull(
    context: WorkerContext, case: Case, app: App, n: int, call: Call
) -> Answer | None:
    try:
        context.reached("before_reserve")
        if not await context.ledger.reserve(case.lease, n, now=context.clock()):
            return None
        context.reached("after_reserve")
        answer = await context.vendor.get_result(app, case.biz_id)
        context.gates.ended(call, answer)
    finally:
        context.gates.leave(call)
    context.reached("after_send")
    _count(context, app, answer)
    return answer


def _count(context: WorkerContext, app: App, answer: Answer) -> None:
    kind = answer.kind
    if kind is Kind.REFUSED:
        log.error("pull.misconfigured", app_id=app.app_id, error=answer.error)
    context.worker_stats.count_pull(app.app_id, counted_as(answer.state, kind))


def counted_as(state: PullState, kind: Kind) -> str:
    """The figure that a call is counted under: `done` is the vendor's answer about a verification."""
    if state is not PullState.DONE:
        return state.value
    return kind.value if kind in {Kind.BUSY, Kind.REFUSED, Kind.FAULT} else state.value


async def _keep(context: WorkerContext, app: App, pull: FinishedPull) -> FinishedPull:
    """Put an answer on the ledger, however long PostgreSQL is away: it was paid for with a call. Its pictures
    go to their store before."""
    context.unkept.add(pull.verification_id)
    try:
        pull = await _without_pictures(context, app, pull)
        await _finish(context, pull)
    finally:
        context.unkept.discard(pull.verification_id)
    return pull


async def _finish(context: WorkerContext, pull: FinishedPull) -> None:
    try:
        await _keep_trying(context, pull, lambda: context.ledger.finish(pull))
    except Exception:
        # Not to be kept, but in our hands: the case is decided on it, as long as its lease is ours.
        log.exception("pull.not_kept", app_id=pull.app_id, verification_id=str(pull.verification_id))


async def _without_pictures(context: WorkerContext, app: App, pull: FinishedPull) -> FinishedPull:
    """The pull, whose pictures are in their store, or lost: the ledger never has them."""
    keeping, body = context.picture_keeping, pull.answer.body
    if keeping is None or body is None or not app.return_image:
        return pull
    try:
        taken = await keeping.take(pull.lease, pull.n, body)
    except Exception:
        log.exception("pictures.not_kept", app_id=pull.app_id, verification_id=str(pull.verification_id))
        taken = Taken(without_runs(body))
    answer = msgspec.structs.replace(pull.answer, body=taken.body)
    stored, lost = await _put_away(context, keeping, pull, taken) if taken.pictures else (0, 0)
    return msgspec.structs.replace(pull, answer=answer, pictures=stored, pictures_lost=lost)


async def _put_away(
    context: WorkerContext, keeping: PictureKeeping, pull: FinishedPull, taken: Taken
) -> tuple[int, int]:
    """How many pictures are stored and lost; neither, if their verification is erased."""
    number, stored = len(taken.pictures), False
    ids = {"app_id": pull.app_id, "verification_id": str(pull.verification_id)}
    try:
        if not await _keep_trying(context, pull, lambda: keeping.begin(pull.lease, taken.pictures)):
            return 0, 0
    except Exception:
        log.exception("pictures.not_kept", **ids)
    else:
        context.reached("before_pictures")
        stored = await keeping.put(pull.lease, taken)
        context.reached("after_pictures")
    if not stored:
        log.error("pictures.lost", count=number, **ids)
    context.worker_stats.count_pictures(pull.app_id, "stored" if stored else "lost", number)
    return (number, 0) if stored else (0, number)


async def _keep_trying(
    context: WorkerContext, pull: FinishedPull, write: Callable[[], Awaitable[Result]]
) -> Result:
    """Write until PostgreSQL takes it. Raises its error if it keeps failing although PostgreSQL answers."""
    failures = 0
    for attempt in count():
        try:
            return await write()
        except ServerAway as error:
            if attempt == 0:
                log.warning("pull.waits_for_ledger", app_id=pull.app_id, error=error.kind)
        except Exception:
            failures += 1
            if failures == _TRIES:
                raise
        await context.sleep(min(_FIRST_PAUSE * 2 ** min(attempt, 10), _LONGEST_PAUSE))
    raise AssertionError("it is tried for ever")
