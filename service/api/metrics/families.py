"""The metrics themselves: names, help texts and labels. Labels are apps, reasons and processes, never ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final

import msgspec
from prometheus_client import Metric

from domain.identity.retention import Due
from domain.views.operations.backlog import Backlog
from domain.views.operations.figures import StoreFigures
from domain.views.operations.processes import (
    ApiStatus,
    IngressStatus,
    RoleStatus,
    SeenHeartbeat,
    WorkerStatus,
)
from domain.views.operations.servers import RedisRoom
from service.api.metrics.delivery_families import describe_attempts, describe_deliveries
from service.api.metrics.events import describe_events
from service.api.metrics.identity_families import describe_identity
from service.api.metrics.key_families import describe_keys
from service.api.metrics.retention_family import describe_overdue
from service.api.metrics.review_families import describe_reviews
from service.ingress_families import describe_ingresses
from service.metric_text import Family, by_process, counter, describe_table, gauge

ROLES: Final = ("api", "ingress", "worker")

_BACKLOG: Final = (
    Family(gauge, "inbox_batches", "Batches accepted and not yet recorded.", attrgetter("batches")),
    Family(
        gauge,
        "inbox_oldest_seconds",
        "Age of the oldest callback that is accepted and not yet recorded; no claim or restart resets it.",
        lambda backlog: backlog.oldest.total_seconds(),
    ),
    Family(
        gauge,
        "inbox_unreadable",
        "Batches that no configured master key decrypts.",
        attrgetter("unreadable"),
    ),
    Family(
        gauge,
        "inbox_untouched_seconds",
        "How long the oldest batch has waited for a worker; over 120, no worker sweeps.",
        lambda backlog: backlog.untouched.total_seconds(),
    ),
    Family(
        gauge,
        "inbox_most_starts",
        "Highest number of processing attempts of any pending batch; over 3, it cannot be processed.",
        attrgetter("most_starts"),
    ),
    Family(
        gauge,
        "jobs",
        "arq jobs that wait or run, including those scheduled for later.",
        attrgetter("jobs"),
    ),
    Family(
        gauge,
        "oldest_job_seconds",
        "How long the first arq job in line is overdue; scale workers by it.",
        lambda backlog: backlog.oldest_job.total_seconds(),
    ),
)

_ROOM: Final = (
    Family(gauge, "redis_memory_bytes", "Bytes of memory that Redis uses.", attrgetter("memory.used")),
    Family(
        gauge,
        "redis_memory_max_bytes",
        "Redis's maxmemory in bytes; 0 if it has none.",
        attrgetter("memory.most"),
    ),
    Family(
        gauge,
        "redis_memory_stop_bytes",
        "Bytes of memory above which callbacks go to the spool.",
        attrgetter("stop_at"),
    ),
    Family(
        gauge,
        "redis_writable",
        "1 if Redis takes writes; 0 if it answers and refuses them.",
        lambda room: room.refusal is None,
    ),
)

_WORKERS: Final = (
    Family(gauge, "worker_jobs", "Batches in the group that is being recorded.", attrgetter("jobs")),
    Family(
        counter,
        "worker_batches",
        "Batches recorded since the worker's start.",
        attrgetter("batches"),
    ),
    Family(
        counter,
        "decisions",
        "Decisions saved since the worker's start.",
        attrgetter("decisions"),
        ("app_id", "outcome"),
    ),
    Family(
        counter,
        "decision_reasons",
        "Decisions saved since the worker's start, by reason code; one decision may have several.",
        attrgetter("reasons"),
        ("app_id", "code"),
    ),
    Family(
        gauge,
        "worker_database_seconds",
        "Seconds since PostgreSQL last answered the worker.",
        attrgetter("database_seconds"),
    ),
    Family(
        counter,
        "pulls",
        "get_result calls since the worker's start: done, busy, refused, fault, not_sent or unknown.",
        attrgetter("pulls"),
        ("app_id", "state"),
    ),
    Family(
        counter,
        "pictures",
        "Pictures of results since the worker's start: stored, or lost because their store was away.",
        attrgetter("pictures"),
        ("app_id", "end"),
    ),
)


class Readings(msgspec.Struct, frozen=True):
    """The readings for one page; None for one that failed."""

    app_ids: Sequence[str]
    backlog: Backlog | None
    room: RedisRoom | None
    alive: Sequence[SeenHeartbeat] | None
    store: StoreFigures | None
    overdue: Sequence[Due] | None = None


def describe(readings: Readings) -> Iterator[Metric]:
    """Every family for which there is a reading."""
    up = {
        "redis": readings.backlog is not None and readings.alive is not None,
        "postgresql": readings.store is not None,
    }
    yield gauge(
        "server_up",
        "1 if `redis` or `postgresql` answered the api in time.",
        {(name,): up[name] for name in up},
        "server",
    )
    if readings.backlog is not None:
        yield from describe_table(_BACKLOG, {(): readings.backlog})
    if readings.room is not None:
        yield from describe_table(_ROOM, {(): readings.room})
    if readings.alive is not None:
        yield from _processes(readings.alive)
        yield from _ways_to_the_vendor(readings.alive, readings.app_ids)
    if readings.store is not None:
        yield from _store(readings.store, readings.app_ids)
        yield from describe_deliveries(readings.store, set(readings.app_ids))
        yield from describe_reviews(readings.store.reviews, readings.app_ids)
        yield from describe_identity(readings.store.identity, readings.app_ids)
    if readings.overdue is not None:
        yield describe_overdue(readings.overdue, readings.app_ids)


def _processes(alive: Sequence[SeenHeartbeat]) -> Iterator[Metric]:
    counts = Counter(seen.heartbeat.role for seen in alive)
    yield gauge(
        "processes",
        "Processes alive by their heartbeats: `api`, `ingress`, `worker`.",
        {(role,): counts[role] for role in {*ROLES, *counts}},
        "role",
    )
    yield gauge(
        "process_info",
        "1 for each live process, with its version.",
        {(seen.heartbeat.id, seen.heartbeat.role, seen.heartbeat.version): 1 for seen in alive},
        "process", "role", "version",
    )  # fmt: skip
    yield gauge(
        "process_clock_seconds",
        "Seconds that the clock of the process's machine is ahead of Redis's; negative if behind.",
        {(seen.heartbeat.id, seen.heartbeat.role): seen.clock_ahead.total_seconds() for seen in alive},
        "process", "role",
    )  # fmt: skip
    yield gauge(
        "policy_info",
        "1 for each policy in force in a process; equal marks mean equal texts.",
        {
            (mark, policy, process): 1
            for process, policies in _policies(alive).items()
            for policy, mark in policies.items()
        },
        "mark", "policy", "process",
    )  # fmt: skip
    workers = _statuses(alive, "worker", WorkerStatus)
    yield from describe_table(_WORKERS, by_process(workers), "process")
    yield from describe_attempts(workers)
    others = (_statuses(alive, role, ApiStatus) for role in ("api", "console"))
    yield from describe_keys(workers, *others)
    yield from describe_ingresses(_statuses(alive, "ingress", IngressStatus))


def _policies(alive: Sequence[SeenHeartbeat]) -> Mapping[str, Mapping[str, str]]:
    workers = {name: said.policies for name, said in _statuses(alive, "worker", WorkerStatus).items()}
    return workers | {name: said.policies for name, said in _statuses(alive, "api", ApiStatus).items()}


def _statuses(alive: Sequence[SeenHeartbeat], role: str, kind: type[RoleStatus]) -> Mapping[str, RoleStatus]:
    return {seen.heartbeat.id: seen.status(kind) for seen in alive if seen.heartbeat.role == role}


def _ways_to_the_vendor(alive: Sequence[SeenHeartbeat], app_ids: Sequence[str]) -> Iterator[Metric]:
    workers = _statuses(alive, "worker", WorkerStatus)
    refusals = {name: said.refusals for name, said in workers.items()}
    refusals |= {name: said.refusals for name, said in _statuses(alive, "api", ApiStatus).items()}
    yield gauge(
        "vendor_circuit_open",
        "1 while a worker stops calls to an app's vendor because several failed.",
        {(app_id, name): app_id in said.circuits for name, said in workers.items() for app_id in app_ids},
        "app_id", "process",
    )  # fmt: skip
    yield gauge(
        "vendor_refuses",
        "1 while the vendor refuses an app's key, secret or address; error is the vendor's error.",
        {(app_id, error, name): 1 for name, said in refusals.items() for app_id, error in said.items()},
        "app_id", "error", "process",
    )  # fmt: skip


def _store(figures: StoreFigures, app_ids: Iterable[str]) -> Iterator[Metric]:
    near_loss = Counter(dict.fromkeys(app_ids, 0))
    held = Counter(dict.fromkeys(app_ids, 0))
    oldest_held = dict.fromkeys(app_ids, 0.0)
    for each in figures.open:
        near_loss[each.app_id] += each.near_loss
        held[each.app_id] += each.held
        oldest_held[each.app_id] = max(oldest_held.get(each.app_id, 0.0), each.oldest_held)
    yield gauge(
        "verifications_open",
        "Verifications that are not decided yet, counted up to 10,000.",
        {(each.app_id, each.state): each.count for each in figures.open},
        "app_id", "state",
    )  # fmt: skip
    yield gauge(
        "verifications_near_loss",
        "Undecided verifications whose result the vendor deletes within two hours, or has deleted; "
        "of the 10,000 oldest.",
        {(app_id,): count for app_id, count in near_loss.items()},
        "app_id",
    )
    yield gauge(
        "verifications_held",
        "Verifications that wait for the registration required by their app; of the 10,000 oldest.",
        {(app_id,): count for app_id, count in held.items()},
        "app_id",
    )
    yield gauge(
        "oldest_held_seconds",
        "Age of the oldest held verification; the vendor keeps a result for one day.",
        {(app_id,): seconds for app_id, seconds in oldest_held.items()},
        "app_id",
    )
    yield gauge(
        "dead_letters",
        "Dead letters that wait for an operator, counted up to 10,000.",
        {(each.app_id, each.reason): each.count for each in figures.letters},
        "app_id", "reason",
    )  # fmt: skip
    yield gauge(
        "dead_letters_retried",
        "Dead letters whose callback is in the inbox again, counted up to 10,000.",
        {(each.app_id, each.reason): each.retried for each in figures.letters},
        "app_id", "reason",
    )  # fmt: skip
    yield gauge(
        "audit_rows_late",
        "Rows of the audit of more than an hour ago that are in no block, counted up to 1,000.",
        {(): figures.audit_late},
    )
    yield from describe_events(figures.events)
