"""Record a group of callbacks: each becomes part of its verification, or a dead letter.

Each callback is handled separately: one that cannot be understood becomes a dead letter and delays no other.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from domain.callback.payload import decode_payload
from domain.errors import MalformedPayload, ServerAway, UndecodableCallback
from domain.model import AcceptedCallback
from domain.verifications.records import Case, DecodedCallback, Recorded
from usecases.context import WorkerContext

log = structlog.get_logger(__name__)


class GroupRecorded(NamedTuple):
    """The result for a group. `cases`: verifications for this worker to advance. `left_out`: apps with
    verifications that are due for any worker. `failures`: errors of unavailable servers, by index."""

    cases: list[Case]
    left_out: set[str]
    failures: dict[int, BaseException]


class _Letter(NamedTuple):
    callback: AcceptedCallback
    reason: str
    detail: str


async def record_group(
    context: WorkerContext, callbacks: Sequence[AcceptedCallback], *, room: Mapping[str, int]
) -> GroupRecorded:
    """Record each callback or make it a dead letter.

    `room`: how many verifications of each app this worker may advance. The others are recorded as well, and
    are due for any worker.
    """
    slots = Counter(room)
    read = [_read(context, callback, slots) for callback in callbacks]
    decoded = {index: each for index, each in enumerate(read) if isinstance(each, DecodedCallback)}
    letters = {index: each for index, each in enumerate(read) if isinstance(each, _Letter)}
    recorded = await context.recorder.record_all(list(decoded.values()), now=context.clock())
    ends = dict(zip(decoded, recorded, strict=True))
    failures: dict[int, BaseException] = {}
    for index, end in ends.items():
        if isinstance(end, ServerAway):
            failures[index] = end
        elif not isinstance(end, Recorded):
            letters[index] = _defective(callbacks[index], end)
    failures |= await _to_dead_letters(context, letters)
    return _to_advance(decoded, ends, failures)


def _to_advance(
    decoded: Mapping[int, DecodedCallback],
    ends: Mapping[int, Recorded | BaseException],
    failures: dict[int, BaseException],
) -> GroupRecorded:
    due = [(decoded[i], end) for i, end in ends.items() if isinstance(end, Recorded) and end.to_advance]
    cases = [_case(one, end) for one, end in due if one.leased]
    left_out = {one.callback.app_id for one, _ in due if not one.leased}
    return GroupRecorded(cases, left_out, failures)


async def _to_dead_letters(
    context: WorkerContext, letters: Mapping[int, _Letter]
) -> dict[int, BaseException]:
    """The letters that could not be kept because PostgreSQL is away. Raises any other error."""
    kept = await asyncio.gather(
        *(to_dead_letter(context, *each) for each in letters.values()), return_exceptions=True
    )
    errors = {index: end for index, end in zip(letters, kept, strict=True) if end is not None}
    for error in errors.values():
        if not isinstance(error, ServerAway):
            raise error
    return errors


def _defective(callback: AcceptedCallback, error: BaseException) -> _Letter:
    """A bug, or a value that the store refuses: the callback is kept for a retry after the fix."""
    log.error("callback.failed", app_id=callback.app_id, exc_info=error)
    return _Letter(callback, "processing_failed", type(error).__name__)


def _read(
    context: WorkerContext, callback: AcceptedCallback, slots: Counter[str]
) -> DecodedCallback | _Letter:
    app = context.apps.get(callback.app_id)
    awaits_registration = app is not None and app.require_registration
    try:
        payload = decode_payload(callback.data)
    except UndecodableCallback as error:
        return _Letter(callback, error.reason, str(error))
    except MalformedPayload as error:
        return _Letter(callback, "malformed_payload", str(error))
    except Exception as error:
        return _defective(callback, error)
    slots[callback.app_id] -= 1
    return DecodedCallback(callback, payload, awaits_registration, leased=slots[callback.app_id] >= 0)


def _case(decoded: DecodedCallback, recorded: Recorded) -> Case:
    return Case(
        lease=recorded.lease,
        biz_id=decoded.payload.biz_id,
        payload=decoded.payload,
        ended_at=decoded.callback.received_at,
        registration=recorded.registration,
        is_new=recorded.registration is None,
    )


async def to_dead_letter(
    context: WorkerContext, callback: AcceptedCallback, reason: str, detail: str
) -> None:
    """Make a callback a dead letter."""
    await context.dead_letters.keep(callback, reason=reason, detail=detail, now=context.clock())
    # Count it only now: while PostgreSQL takes no write there is no letter.
    log.warning("callback.dead_letter", app_id=callback.app_id, reason=reason)
