"""Each app's way to the vendor: a limit of calls at once, and none for a while once the vendor is at fault.

A call has its slots before it is reserved, so what is reserved is under way at once. It waits in its app's
limit first, where it is in no other app's way. What apps share comes after that: the room for pictures, then
the pool of connections.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
import structlog

from domain.limits.circuit import Circuit, CircuitRules, CircuitState
from domain.limits.concurrency import Concurrency
from domain.pulls.answer import Answer, Kind
from usecases.process.slots import Slots

RULES: Final = CircuitRules(
    threshold=5,
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(minutes=1),
    probe_within=timedelta(seconds=30),
)
REFUSED_RULES: Final = CircuitRules(
    threshold=5,
    first_pause=timedelta(minutes=1),
    longest_pause=timedelta(minutes=10),
    probe_within=timedelta(seconds=30),
)
"""Once key, secret or address are refused as often: it takes a person to change that, so probes are rarer."""

_WELL: Final = frozenset({Kind.RESULT, Kind.DESTROYED, Kind.NOTHING})

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Call(msgspec.Struct, frozen=True, eq=False):
    """A call that has its slots. `room`: where its answer has one. `epoch`, `halvings`: how its app's way to
    the vendor stood when it began."""

    app_id: str
    room: Slots | None
    epoch: int
    halvings: int


class LeftAlone(msgspec.Struct, frozen=True):
    """No call now: the vendor is left alone for so long."""

    pause: timedelta


class VendorGates:
    """The gates of every app of one process; `monotonic` is a clock in seconds that never goes back.

    `in_flight`: calls under way at once for one app, at most; `pool`: for all apps together.
    """

    def __init__(
        self, *, in_flight: int, monotonic: Callable[[], float], pool: int = 256, rules: CircuitRules = RULES
    ) -> None:
        self._monotonic = monotonic
        self._most = in_flight
        self._rules = rules
        self._ways: dict[str, _Way] = {}
        self._pool = Slots(pool)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    async def enter(
        self, app_id: str, *, room: Slots | None = None, patience: timedelta | None = timedelta(0)
    ) -> Call | LeftAlone:
        """Slots for one call, which is to begin at once, or how long the vendor is to be left alone.

        `room`: where the answer needs a slot. `patience`: be no probe of an open circuit until the last
        fault is that long ago; None: go through an open circuit. The caller makes the call by `through`, says
        by `ended` how it ended, gives its way back by `leave` and its answer's room by `forget`.
        """
        way = self._way(app_id)
        if (pause := self._pause(way, patience)) is not None:
            return LeftAlone(pause)
        slots = (way.slots, self._pool) if room is None else (way.slots, room, self._pool)
        await _take_all(slots, app_id)
        if (pause := self._pause(way, patience)) is not None:
            _give_back_all(slots, app_id)
            return LeftAlone(pause)
        return way.begin(app_id, room, self._monotonic())

    async def through(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do what must come to its end once it has begun, though its caller be cancelled; see `finish`."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._is_over)
        return await asyncio.shield(task)

    def ended(self, call: Call, answer: Answer) -> None:
        """A call ended so."""
        way, now = self._way(call.app_id), self._monotonic()
        before = way.circuit.state(now)
        way.learn(call, answer, now)
        if not self._is_stopping:
            way.slots.limit = way.concurrency.permitted
        if before is not (state := way.circuit.state(now)):
            log.warning("vendor.circuit", app_id=call.app_id, state=state.value, error=answer.error)

    def leave(self, call: Call) -> None:
        """A call is over. Should none have been made, another one may be the probe."""
        way = self._way(call.app_id)
        way.leave(call, self._monotonic())
        _give_back_all((way.slots, self._pool), call.app_id)

    def forget(self, call: Call) -> None:
        """A call's answer is kept, or there is none: give its room back."""
        if call.room is not None:
            call.room.give_back(call.app_id)

    def stop(self) -> None:
        """From now on no call begins: who waits for a slot is sent away, to let another process make it."""
        self._is_stopping = True
        for slots in (self._pool, *(way.slots for way in self._ways.values())):
            slots.limit = math.inf

    async def finish(self, *, within: float) -> None:
        """Wait for what is under way, for at most `within` seconds."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=within)

    def circuits(self) -> dict[str, str]:
        """The circuits that are not closed, by app."""
        now = self._monotonic()
        states = {app_id: way.circuit.state(now) for app_id, way in self._ways.items()}
        return {app_id: state.value for app_id, state in states.items() if state is not CircuitState.CLOSED}

    def refusals(self) -> dict[str, str]:
        """The apps whose key, secret or address the vendor refused last, with its word."""
        return {app_id: way.refusal for app_id, way in self._ways.items() if way.refusal is not None}

    def _way(self, app_id: str) -> "_Way":
        if app_id not in self._ways:
            self._ways[app_id] = _Way(self._most, self._rules)
        return self._ways[app_id]

    def _pause(self, way: "_Way", patience: timedelta | None) -> timedelta | None:
        return timedelta(0) if self._is_stopping else way.left_alone_for(self._monotonic(), patience)

    def _is_over(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Its caller has it, unless it was cancelled: then nobody else would tell.
            log.debug("pull.interrupted", error=type(error).__name__)


class _Way:
    """One app's circuit and limit. `epoch` counts how often the circuit opened or closed; `probe` is the call
    that an open circuit let through last; `under_way` are the calls that have begun and not ended: who has a
    slot may still wait for what apps share."""

    def __init__(self, most: int, rules: CircuitRules) -> None:
        self.rules = rules
        self.circuit = Circuit(rules)
        self.concurrency = Concurrency(most)
        self.slots = Slots(self.concurrency.permitted)
        self.under_way = 0
        self.epoch = 0
        self.probe: Call | None = None
        self.refusal: str | None = None

    def left_alone_for(self, now: float, patience: timedelta | None) -> timedelta | None:
        """How long no call may be made; None: one may. The end of a probe is not waited for."""
        if patience is None or self.circuit.permits(now, patience=patience):
            return None
        left = timedelta(seconds=max(0.0, (self.circuit.retry_at or now) - now))
        return min(left, self.circuit.pause) or self.circuit.pause

    def begin(self, app_id: str, room: Slots | None, now: float) -> Call:
        """A call begins. In an open circuit that permits one it is the probe; one that goes through all the
        same is none."""
        call = Call(app_id, room, self.epoch, self.concurrency.halvings)
        self.under_way += 1
        if self.circuit.retry_at is not None and self.circuit.permits(now):
            self.circuit, self.probe = self.circuit.started(now), call
        return call

    def leave(self, call: Call, now: float) -> None:
        """A call is over, or was not made."""
        self.under_way -= 1
        if call is self.probe:
            self.circuit, self.probe = self.circuit.withdrawn(now), None

    def learn(self, call: Call, answer: Answer, now: float) -> None:
        """Go on from how a call ended."""
        kind = answer.kind
        if kind is Kind.BUSY and self._made_room(call, now):
            return
        if kind in _WELL:
            self.refusal = None
            self.concurrency = self.concurrency.succeeded(self.under_way, now)
        elif kind is Kind.REFUSED:
            self.refusal = answer.error
        if call.epoch == self.epoch:
            self._turn(self._after(kind, now))

    def _made_room(self, call: Call, now: float) -> bool:
        """Whether fewer at once are the answer to a refusal for their number: not where one was alone."""
        before = self.concurrency
        self.concurrency = before.refused(self.under_way, now, halvings=call.halvings)
        return before.permitted > 1 or call.halvings < before.halvings

    def _after(self, kind: Kind, now: float) -> Circuit:
        if kind in _WELL:
            return msgspec.structs.replace(self.circuit.succeeded(), rules=self.rules)
        if kind is Kind.REFUSED:
            return msgspec.structs.replace(self.circuit, rules=REFUSED_RULES).failed(now)
        return self.circuit.failed(now)

    def _turn(self, after: Circuit) -> None:
        """A call that began before the circuit opened or closed says nothing about it any more: one good
        answer does not let a herd go."""
        if (after.retry_at is None) != (self.circuit.retry_at is None):
            self.epoch += 1
            self.concurrency = self.concurrency.restarted()
        self.circuit = after


async def _take_all(rooms: Sequence[Slots], app_id: str) -> None:
    """A slot in each, in this order; none where the caller is cancelled meanwhile."""
    for number, slots in enumerate(rooms):
        try:
            await slots.take(app_id)
        except BaseException:
            _give_back_all(rooms[:number], app_id)
            raise


def _give_back_all(rooms: Sequence[Slots], app_id: str) -> None:
    for slots in rooms:
        slots.give_back(app_id)
