"""What the ingress needs: where callbacks go, and where it sends word that a browser came back."""

from typing import Protocol
from uuid import UUID

from domain.model import AcceptedCallback


class Intake(Protocol):
    """Where the ingress puts callbacks."""

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable. Raises NotDurable."""

    def can_accept(self) -> bool:
        """Whether the next callback has a good chance."""


class ReturnHints(Protocol):
    """Where the ingress sends word that a user's browser came back."""

    def note_return(self, verification_id: UUID) -> None:
        """Let a worker look at a verification after a grace. Neither waits nor fails."""
