"""Where a listener stands between its start and its end, for those who have to tell the load balancer."""

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """`draining`: a shutdown has begun, send nothing new. `failed`: the process must end, as a failure."""

    draining: bool = False
    failed: bool = False

    def fail(self) -> None:
        """Let the process end: it cannot do its work any more, a new one may."""
        self.draining = self.failed = True
