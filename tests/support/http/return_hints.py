"""Return hints that are noted, behind a throttle that tests set."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.limits.throttle import Rate, Throttle
from service.ingress.return_hints import ThrottledReturnHints
from usecases.ports.callbacks.ingress import ReturnHints

GENEROUS = Rate(1000, 1_000_000)


@dataclass
class NotedReturnHints:
    """Notes each verification that it is sent for."""

    noted: list[UUID] = field(default_factory=list)

    def note_return(self, verification_id: UUID) -> None:
        self.noted.append(verification_id)


def throttled_hints(
    return_hints: ReturnHints, *, each: Rate = GENEROUS, together: Rate = GENEROUS
) -> ThrottledReturnHints:
    """Return hints through a throttle whose clock does not advance."""
    return ThrottledReturnHints(return_hints, Throttle(each=each, together=together), monotonic=lambda: 0)
