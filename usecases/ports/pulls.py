"""The calls to the vendor, and their ledger."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.apps.app import App
from domain.apps.order import IssuedToken, Order
from domain.audit.row import AuditRow
from domain.pulls.answer import Answer
from domain.pulls.budget import Pull
from domain.pulls.request import Refusal
from domain.verifications.lease import Lease
from domain.verifications.records import FinishedPull


class Vendor(Protocol):
    """The vendor's get_result."""

    async def get_result(self, app: App, biz_id: str) -> Answer:
        """Spend one call. Never raises an error of the vendor or the network."""


class TokenIssuer(Protocol):
    """The vendor's get_token."""

    async def get_token(self, app: App, order: Order) -> IssuedToken:
        """Order a verification. Raises VendorRefused, VendorUnavailable."""


class Ledger(Protocol):
    """The calls of each verification."""

    async def of(self, verification_id: UUID) -> list[Pull]:
        """The calls reserved so far, in order."""

    async def reserve(self, lease: Lease, n: int, *, now: datetime) -> bool:
        """Reserve call `n`; False if it is reserved or spent already, or if the lease is lost."""

    async def finish(self, pull: FinishedPull) -> None:
        """Store the end of a reserved call, with its answer."""

    async def answer_of(self, lease: Lease) -> bytes | None:
        """The body of the newest call that was answered with 200, or None."""


class PullRequests(Protocol):
    """Operators' requests for calls."""

    async def ask(self, verification_id: UUID, *, now: datetime, by: str, audit: AuditRow) -> Refusal | None:
        """Make an existing verification due for one call, or return why not. `by`: the actor, for the
        timeline."""
