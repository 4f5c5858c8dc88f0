"""Live processes: their heartbeats, and the figures of each role."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

import msgspec

MISSED_BEATS: Final = 3


class KeysStatus(msgspec.Struct, frozen=True):
    """A process's key store. `up`: it answered the last call. `failures`: calls without an answer since the
    process's start, repeated ones included. `left`: for how many seconds the process still has all of its
    epoch keys if the store does not answer; 0 if it has none.
    """

    up: bool = True
    failures: int = 0
    left: float = 0


class WorkerStatus(msgspec.Struct, frozen=True):
    """A worker's figures since its start, by app. `jobs` run now; `last_error` is a type's name.

    `circuits`: the state of each app's vendor circuit, unless it is closed. `refusals`: the vendor's error
    for each app whose key, secret or address it refused last. `database_seconds`: seconds since PostgreSQL
    last answered. `policies`: those in force, each with the first digits of its text's hash.
    `pictures`: of results, by app and end.
    `attempts`: to deliver webhooks, by app and end; `attempt_durations`, `attempt_seconds`: how long they
    took (usecases.process.delivery_stats).
    `keys`: None without a key store.
    """

    jobs: int = 0
    batches: int = 0
    decisions: dict[str, dict[str, int]] = {}
    pulls: dict[str, dict[str, int]] = {}
    last_error: str | None = None
    reasons: dict[str, dict[str, int]] = {}
    database_seconds: float = 0
    policies: dict[str, str] = {}
    circuits: dict[str, str] = {}
    refusals: dict[str, str] = {}
    attempts: dict[str, dict[str, int]] = {}
    attempt_durations: tuple[int, ...] = ()
    attempt_seconds: float = 0
    keys: KeysStatus | None = None
    pictures: dict[str, dict[str, int]] = {}


class ApiStatus(msgspec.Struct, frozen=True):
    """An api's or a console's figures; `policies` and `keys` as a worker's, `refusals` as a worker's, for
    orders."""

    policies: dict[str, str] = {}
    refusals: dict[str, str] = {}
    keys: KeysStatus | None = None


class IngressStatus(msgspec.Struct, frozen=True):
    """An ingress's figures: the state of its circuit and spool, and its accepted and refused callbacks."""

    can_accept: bool = True
    circuit: str = "closed"
    redis_full: bool = False
    waiting: int = 0
    spool_bytes: int = 0
    spool_bad_bytes: int = 0
    spool_writable: bool = True
    spool_oldest_seconds: float = 0
    accepted: dict[str, int] = {}
    refused: dict[str, dict[str, int]] = {}


RoleStatus = TypeVar("RoleStatus", WorkerStatus, IngressStatus, ApiStatus)


class Heartbeat(msgspec.Struct, frozen=True):
    """What a process reports about itself.

    `every`: seconds between its beats; `status`: its role's own figures.

    `instance` is random; `place` is that of `this_place`; `opens`: the compressions that it can open,
    and the newer types of events that it can read.
    Processes of an older version send none of these.
    """

    role: str
    host: str
    pid: int
    version: str
    every: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    started_at: datetime
    at: datetime
    status: dict[str, Any]
    instance: str = ""
    place: str = ""
    opens: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A unique name; two containers on the host's network share its host name, and both have pid 1."""
        return ":".join((self.role, self.host, str(self.pid), *([self.instance] if self.instance else [])))

    @property
    def lives_ms(self) -> int:
        """Milliseconds after which the heartbeat expires in Redis."""
        return int(self.every * MISSED_BEATS * 1000)


class SeenHeartbeat(msgspec.Struct, frozen=True):
    """A heartbeat and its age by Redis's clock; `clock_ahead`: how far the process's clock is ahead of it."""

    heartbeat: Heartbeat
    age: timedelta
    clock_ahead: timedelta = timedelta(0)

    def status(self, kind: type[RoleStatus]) -> RoleStatus:
        """The figures of its role; the defaults if another version sends something else."""
        try:
            return msgspec.convert(self.heartbeat.status, kind)
        except msgspec.ValidationError:
            return kind()
