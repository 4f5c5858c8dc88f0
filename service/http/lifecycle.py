"""Where a listener stands between its start and its end, for those who have to tell the load balancer."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Lifecycle:
    """`draining`: a shutdown has begun, send nothing new. `failed`: the process must end, as a failure.

    `leaving`: nobody new is let in any more. `last_calls` are called then: who holds an answer back gives it.
    """

    draining: bool = False
    failed: bool = False
    leaving: bool = False
    last_calls: list[Callable[[], None]] = field(default_factory=list)

    def fail(self) -> None:
        """Let the process end: it cannot do its work any more, a new one may."""
        self.draining = self.failed = True

    def leave(self) -> None:
        """The door closes now."""
        self.draining = self.leaving = True
        for call in self.last_calls:
            call()
