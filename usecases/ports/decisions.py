"""Policies, the store of decisions, and the announcement of a decision."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.policy.explanation import PolicyText
from domain.policy.file.policy import FileProblem, Policy
from domain.verifications.lease import Lease
from domain.verifications.records import DecisionRecord
from domain.views.decisions import PolicyVersion


class Policies(Protocol):
    """The policies in force."""

    def get(self, name: str) -> Policy:
        """The policy in force with this name. Raises KeyError."""

    def marks(self) -> dict[str, str]:
        """The policies in force, each with the first digits of its text's hash."""

    def all(self) -> list[Policy]:
        """Every policy in force, by name."""

    def reload(self) -> list[FileProblem]:
        """Read the files again and return the problems, by file."""


class PolicyHistory(Protocol):
    """The texts that have decided."""

    async def versions(self, names: Sequence[str]) -> list[PolicyVersion]:
        """Every text that decided under these names, the newest first."""

    async def text(self, name: str, content_hash: str) -> PolicyText | None:
        """One text; None if none of this name has this hash."""


class Decisions(Protocol):
    """The store of decisions."""

    async def save_once(self, decision_record: DecisionRecord) -> bool:
        """Save a decision; False if the verification has one already, or if the lease is lost."""


class SecondLooks(Protocol):
    """The store for the results of pulls after the decision."""

    async def note(self, lease: Lease, *, event: str, detail: dict[str, object]) -> None:
        """Add the result to the timeline, which ends the operator's request."""


class Announcer(Protocol):
    """Wakes lookups that wait for a decision. The hint may be lost."""

    async def announce(self, verification_id: UUID) -> None:
        """Announce that a verification was decided."""
