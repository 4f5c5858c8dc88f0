"""A circuit breaker: a server that keeps failing is not called for a while, probed once, then used again.

It spares many callers their own time-outs. Pure: the state is a value, each event returns the next one, and
`now` is the seconds of a monotonic clock.

    closed ──`threshold` failures in a row──▶ open ──pause over──▶ half open ──the probe succeeds──▶ closed
                                               ▲                       │
                                               └──the probe fails: the pause doubles
"""

from datetime import timedelta
from enum import StrEnum

import msgspec


class CircuitState(StrEnum):
    """`closed`: calls go through · `open`: no call does · `half_open`: one call may, as a probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitRules(msgspec.Struct, frozen=True):
    """`threshold`: how many failures in a row open it. The pause before a probe begins at `first_pause`,
    doubles with each failed probe, up to `longest_pause`. If a probe has not ended after `probe_within`,
    another one is permitted."""

    threshold: int = 1
    first_pause: timedelta = timedelta(milliseconds=250)
    longest_pause: timedelta = timedelta(seconds=2)
    probe_within: timedelta = timedelta(seconds=5)


class Circuit(msgspec.Struct, frozen=True):
    """One circuit at one moment. Ask `permits`, keep what `started`, `succeeded` and `failed` return."""

    rules: CircuitRules = CircuitRules()
    failures: int = 0
    pause: timedelta = timedelta(0)
    retry_at: float | None = None
    probing: bool = False
    failed_at: float = 0

    def state(self, now: float) -> CircuitState:
        """The state at `now`."""
        if self.retry_at is None:
            return CircuitState.CLOSED
        return CircuitState.HALF_OPEN if self.probing or now >= self.retry_at else CircuitState.OPEN

    def permits(self, now: float, *, patience: timedelta = timedelta(0)) -> bool:
        """Whether a call may be made at `now`; in an open circuit it is the probe. A caller with `patience`
        does not probe until the last failure is that long ago."""
        if self.retry_at is None:
            return True
        return now >= max(self.retry_at, self.failed_at + patience.total_seconds())

    def started(self, now: float) -> "Circuit":
        """A permitted call begins. While it is the probe, no other call is permitted."""
        if self.retry_at is None:
            return self
        until = now + self.rules.probe_within.total_seconds()
        return msgspec.structs.replace(self, probing=True, retry_at=until)

    def withdrawn(self, now: float) -> "Circuit":
        """The probe was not sent after all: another one may go at once."""
        return msgspec.structs.replace(self, probing=False, retry_at=now) if self.probing else self

    def succeeded(self) -> "Circuit":
        """A call succeeded: the circuit closes, whatever its state was."""
        if self.failures == 0 and self.retry_at is None:
            return self
        return Circuit(self.rules)

    def failed(self, now: float) -> "Circuit":
        """A call failed. In an open circuit, calls that began before it opened do not count."""
        if self.retry_at is not None and not self.probing:
            return self
        failures = self.failures + 1
        if failures < self.rules.threshold:
            return msgspec.structs.replace(self, failures=failures)
        pause = min(self.pause * 2, self.rules.longest_pause) if self.pause else self.rules.first_pause
        return Circuit(self.rules, failures, pause, now + pause.total_seconds(), failed_at=now)
