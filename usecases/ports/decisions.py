"""What decides, where decisions are kept, and who learns of one."""

from typing import Protocol
from uuid import UUID

from domain.lease import Lease
from domain.policy.file import FileProblem, Policy
from domain.records import DecisionRecord


class Policies(Protocol):
    """The policies in force."""

    def get(self, name: str) -> Policy:
        """The policy in force under this name. Raises KeyError."""

    def marks(self) -> dict[str, str]:
        """The policies in force, each with the first digits of its text's hash."""

    def all(self) -> list[Policy]:
        """Every policy in force, by name."""

    def reload(self) -> list[FileProblem]:
        """Read them again; what is wrong with which file."""


class Decisions(Protocol):
    """Where decisions stand."""

    async def save_once(self, decision_record: DecisionRecord) -> bool:
        """Save a decision; False when one stood before, or the lease is another's by now."""


class SecondLooks(Protocol):
    """Where it stands what a pull after the decision brought."""

    async def note(self, lease: Lease, *, event: str, detail: dict[str, object]) -> None:
        """Put it on the timeline; the operator's request is answered."""


class Announcer(Protocol):
    """Wakes the lookups that wait for a decision, as a hint."""

    async def announce(self, verification_id: UUID) -> None:
        """Say that a verification was decided."""
