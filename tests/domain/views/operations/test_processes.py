"""Heartbeats: unique names, when they expire, and figures of processes of other versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.views.operations.processes import ApiStatus, Heartbeat, IngressStatus, SeenHeartbeat, WorkerStatus

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def beat(**changes: Any) -> Heartbeat:
    fields: dict[str, Any] = {
        "role": "worker",
        "host": "a",
        "pid": 1,
        "version": "0.1.0",
        "every": 2.5,
        "started_at": NOW,
        "at": NOW,
        "status": {},
    }
    return Heartbeat(**fields | changes)


def seen(status: dict[str, Any]) -> SeenHeartbeat:
    return SeenHeartbeat(beat(status=status), age=timedelta(seconds=1))


def test_two_containers_with_one_host_name_and_pid_have_different_names() -> None:
    assert beat(instance="x1").id == "worker:a:1:x1"
    assert beat(instance="x1").id != beat(instance="x2").id


def test_a_process_of_an_older_version_has_a_name_without_an_instance() -> None:
    assert beat().id == "worker:a:1"


@pytest.mark.parametrize(("every", "ms"), [(2.5, 7500), (0.1, 300), (3600, 10_800_000)])
def test_a_heartbeat_expires_after_three_missed_beats(every: float, ms: int) -> None:
    assert beat(every=every).lives_ms == pytest.approx(ms, abs=1)


def test_the_figures_of_a_role_are_read_from_what_was_sent() -> None:
    status = seen({"jobs": 3, "decisions": {"demo": {"approved": 2}}, "attempt_durations": [1, 2]}).status(
        WorkerStatus
    )
    assert (status.jobs, status.decisions) == (3, {"demo": {"approved": 2}})
    assert (status.attempt_durations, status.last_error) == ((1, 2), None)


def test_a_figure_of_a_newer_version_is_left_out() -> None:
    assert seen({"waiting": 4, "new_figure": []}).status(IngressStatus) == IngressStatus(waiting=4)


def test_figures_of_another_shape_read_as_the_defaults() -> None:
    found = seen({"policies": "default@1", "jobs": 3})
    assert found.status(WorkerStatus) == WorkerStatus()
    assert found.status(ApiStatus) == ApiStatus()


@pytest.mark.parametrize(
    ("every", "valid"), [(0.01, True), (3600, True), (0, False), (-1, False), (3601, False)]
)
def test_beats_come_at_least_hourly(every: float, valid: bool) -> None:
    """A heartbeat is read from Redis, where `every` decides how long it counts."""
    data = msgspec.json.encode(beat(every=every))
    if valid:
        assert msgspec.json.decode(data, type=Heartbeat).every == every
        return
    with pytest.raises(msgspec.ValidationError, match="every"):
        msgspec.json.decode(data, type=Heartbeat)
