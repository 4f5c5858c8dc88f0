"""What the edges need of the adapters, as small protocols: their tests pass fakes, `main` passes adapters."""

from typing import Protocol

from domain.model import AcceptedCallback


class Intake(Protocol):
    """Where the ingress puts callbacks."""

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable. Raises NotDurable."""
