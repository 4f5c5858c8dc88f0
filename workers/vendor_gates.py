"""Each app's way to the vendor: a limit of calls at once, and none for a while once the vendor is at fault.

A call has its place, in the app's limit and in the pool of connections, before it is reserved: what is
reserved is under way at once.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
import structlog
from anyio import CapacityLimiter, WouldBlock

from domain.answer import Answer, Kind, kind_of
from domain.circuit import Circuit, CircuitRules, CircuitState
from domain.concurrency import Concurrency

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
    """A call that has its place. `epoch`, `halvings`: how its app's way to the vendor stood when it began."""

    app_id: str
    place: object
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
        self._pool = CapacityLimiter(pool)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    async def enter(self, app_id: str, *, patience: timedelta | None = timedelta(0)) -> Call | LeftAlone:
        """A place for one call, which is to begin at once, or how long the vendor is to be left alone.

        `patience`: be no probe of an open circuit until the last fault is that long ago; None: go through an
        open circuit. The caller makes the call by `through`, says by `ended` how it ended, and gives the
        place back by `leave`.
        """
        way, place = self._way(app_id), object()
        if (pause := self._pause(way, patience)) is not None:
            return LeftAlone(pause)
        await self._take(way, place)
        if (pause := self._pause(way, patience)) is not None:
            self._give_back(way, place)
            return LeftAlone(pause)
        return way.begin(app_id, place, self._monotonic())

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
            way.places.total_tokens = way.concurrency.permitted
        if before is not (state := way.circuit.state(now)):
            log.warning("vendor.circuit", app_id=call.app_id, state=state.value, error=answer.error)

    def leave(self, call: Call) -> None:
        """Give a call's place back. Should no call have been made, another one may be the probe."""
        way = self._way(call.app_id)
        if call.epoch == way.epoch:
            way.circuit = way.circuit.withdrawn(self._monotonic())
        self._give_back(way, call.place)

    def stop(self) -> None:
        """From now on no call begins: who waits for a place is sent away, to let another process make it."""
        self._is_stopping = True
        for places in (self._pool, *(way.places for way in self._ways.values())):
            places.total_tokens = math.inf

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

    async def _take(self, way: "_Way", place: object) -> None:
        await _take(way.places, place)
        try:
            await _take(self._pool, place)
        except BaseException:
            way.places.release_on_behalf_of(place)
            raise

    def _give_back(self, way: "_Way", place: object) -> None:
        self._pool.release_on_behalf_of(place)
        way.places.release_on_behalf_of(place)

    def _is_over(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Its caller has it, unless it was cancelled: then nobody else would tell.
            log.debug("pull.interrupted", error=type(error).__name__)


class _Way:
    """One app's circuit and limit. `epoch` counts how often the circuit opened or closed."""

    def __init__(self, most: int, rules: CircuitRules) -> None:
        self.rules = rules
        self.circuit = Circuit(rules)
        self.concurrency = Concurrency(most)
        self.places = CapacityLimiter(self.concurrency.permitted)
        self.epoch = 0
        self.refusal: str | None = None

    def left_alone_for(self, now: float, patience: timedelta | None) -> timedelta | None:
        """How long no call may be made; None: one may. The end of a probe is not waited for."""
        if patience is None or self.circuit.permits(now, patience=patience):
            return None
        left = timedelta(seconds=max(0.0, (self.circuit.retry_at or now) - now))
        return min(left, self.circuit.pause) or self.circuit.pause

    def begin(self, app_id: str, place: object, now: float) -> Call:
        """A permitted call begins; in an open circuit it is the probe."""
        self.circuit = self.circuit.started(now)
        return Call(app_id, place, self.epoch, self.concurrency.halvings)

    def learn(self, call: Call, answer: Answer, now: float) -> None:
        """Go on from how a call ended."""
        kind = kind_of(answer)
        if kind is Kind.BUSY and self._made_room(call, now):
            return
        if kind in _WELL:
            self.refusal = None
            self.concurrency = self.concurrency.succeeded(self.places.borrowed_tokens, now)
        elif kind is Kind.REFUSED:
            self.refusal = answer.error
        if call.epoch == self.epoch:
            self._turn(self._after(kind, now))

    def _made_room(self, call: Call, now: float) -> bool:
        """Whether fewer at once are the answer to a refusal for their number: not where one was alone."""
        before = self.concurrency
        under_way = self.places.borrowed_tokens
        self.concurrency = before.refused(under_way, now, halvings=call.halvings)
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


async def _take(places: CapacityLimiter, place: object) -> None:
    """A place, in the order of those who wait; without a turn of the event loop where one is free."""
    try:
        places.acquire_on_behalf_of_nowait(place)
    except WouldBlock:
        await places.acquire_on_behalf_of(place)
