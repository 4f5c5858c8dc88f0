"""The state of a listener between start and end, for the load balancer's checks."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Lifecycle:
    """`draining`: a shutdown has begun, send nothing new. `failed`: the process must end with a failure.

    `first_calls` are called once a shutdown has begun, to end streams. `leaving`: new connections are
    refused. `last_calls` are called then, to release waiting answers.
    """

    draining: bool = False
    failed: bool = False
    leaving: bool = False
    first_calls: list[Callable[[], None]] = field(default_factory=list)
    last_calls: list[Callable[[], None]] = field(default_factory=list)

    def fail(self) -> None:
        """End the process: it cannot work any more, but a new one may."""
        self.draining = self.failed = True

    def drain(self) -> None:
        """End what would go on for ever. To be called in the event loop."""
        for call in self.first_calls:
            call()

    def leave(self) -> None:
        """Stop listening now."""
        self.draining = self.leaving = True
        for call in self.last_calls:
            call()
