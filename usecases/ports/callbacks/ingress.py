"""What the ingress needs: a store for callbacks, and a queue for return hints."""

from typing import Protocol
from uuid import UUID

from domain.model import AcceptedCallback


class Intake(Protocol):
    """The durable store for accepted callbacks."""

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable. Raises NotDurable."""

    def can_accept(self) -> bool:
        """Whether the next callback will probably be accepted."""


class ReturnHints(Protocol):
    """The queue of return hints: a user's browser came back."""

    def note_return(self, verification_id: UUID) -> None:
        """Have a worker look at a verification after a grace period. Neither waits nor raises."""
