"""What the edges need of the adapters, as small protocols.

Tests pass what keeps everything in memory, `main` passes adapters; the same contract tests hold both.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.apps import App
from domain.model import AcceptedCallback
from domain.orders import IssuedToken, Order
from domain.policy.file import FileProblem, Policy
from domain.pulls.answer import Answer
from domain.pulls.budget import Pull
from domain.records import (
    Claim,
    ClaimedVerifications,
    DecodedCallback,
    DueVerification,
    FinishedPull,
    Recorded,
    SettledVerification,
)


class Intake(Protocol):
    """Where the ingress puts callbacks."""

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable. Raises NotDurable."""

    def can_accept(self) -> bool:
        """Whether the next callback has a good chance."""


class Inbox(Protocol):
    """Where workers take batches from."""

    async def claim(self, *, lease: timedelta, limit: int = ..., finished: Sequence[str] = ()) -> Claim:
        """Claim a group of batches of up to `limit` callbacks, oldest first; nobody else is given them for
        `lease`. One that was claimed before, and neither finished nor postponed, comes alone. `finished`
        batches are forgotten first."""

    async def finish(self, batch_ids: Sequence[str]) -> None:
        """Forget batches: every callback of them is recorded."""

    async def renew(self, batch_ids: Sequence[str], *, lease: timedelta) -> None:
        """Let the lease of claimed batches begin again: they are still being recorded."""

    async def postpone(self, batch_ids: Sequence[str], *, pause: timedelta) -> None:
        """Let them be claimed again after `pause`: they did not fail by their own fault."""

    async def replace(self, batch_id: str, parts: Mapping[str, Sequence[AcceptedCallback]]) -> None:
        """Put `parts` in the place of a batch, all at once; each is claimed alone."""

    async def set_aside(self, batch_id: str) -> None:
        """Put a batch that no key opens out of the line; it is kept."""

    async def take_back(self, *, after: timedelta) -> int:
        """Put batches that were set aside for `after` into the line again; how many."""

    async def wake_another(self) -> None:
        """Let another worker help with what waits."""


class Recorder(Protocol):
    """Where callbacks are recorded."""

    async def record_all(
        self, decoded: Sequence[DecodedCallback], *, now: datetime
    ) -> list[Recorded | BaseException]:
        """Store each callback once; how each ended: recorded, or the error that kept it from being so."""


class Ledger(Protocol):
    """The calls of each verification."""

    async def of(self, verification_id: UUID) -> list[Pull]:
        """The calls reserved so far, in order."""

    async def reserve(self, verification_id: UUID, n: int, *, fence: int, now: datetime) -> bool:
        """Reserve call `n`; False when it is reserved or spent, or the lease is another's by now."""

    async def finish(self, pull: FinishedPull) -> None:
        """Note what became of a reserved call, with what was answered."""

    async def answer_of(self, verification_id: UUID, *, app_id: str, data_key: bytes) -> bytes | None:
        """The body of the newest call that was answered with 200, or None."""


class Vendor(Protocol):
    """The vendor's get_result."""

    async def get_result(self, app: App, biz_id: str) -> Answer:
        """Spend one call. Never raises for anything that the vendor or the network does."""


class TokenIssuer(Protocol):
    """The vendor's get_token."""

    async def get_token(self, app: App, order: Order) -> IssuedToken:
        """Order a verification. Raises VendorRefused, VendorUnavailable."""


class Decisions(Protocol):
    """Where decisions stand."""

    async def save_once(self, settled: SettledVerification) -> bool:
        """Save a decision; False when one stood before, or the lease is another's by now."""


class DueVerifications(Protocol):
    """Verifications that somebody must look at, each under a lease whose fence counts up with its holders."""

    async def claim(
        self, room: Mapping[str, int], *, now: datetime, lease: timedelta, silent: bool = False
    ) -> ClaimedVerifications:
        """Take the longest due ones of each app in `room`, up to that many; nobody else is given them for
        `lease`.

        `silent`: those without a final callback about which nobody asks, in the place of all others.
        """

    async def due_elsewhere(self, app_ids: Collection[str], *, now: datetime) -> dict[str, int]:
        """How many verifications are due of each app that is none of these."""

    async def claim_one(
        self, verification_id: UUID, app_ids: Collection[str], *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        """Take this one, if it is due and of one of these apps."""

    async def postpone(self, verification_id: UUID, *, fence: int, until: datetime) -> None:
        """Look again then and not earlier."""

    async def expire(self, verification_id: UUID, *, fence: int) -> None:
        """Nothing came of it, and the vendor keeps nothing any more."""

    async def end_unfinished(self) -> int:
        """Let flows that go on, that nobody registered and that have no end, end with the vendor's day."""


class Claims(Protocol):
    """Which app owns a biz_id, where several share a vendor account."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Forget up to `limit` claims made before then, the oldest first; how many there were."""


class HeldVerifications(Protocol):
    """Verifications that wait for their registration, because their app requires one."""

    async def hold(self, verification_id: UUID, *, fence: int) -> None:
        """Hold a verification, unless it is registered meanwhile."""

    async def release(self, app_ids: Sequence[str], *, now: datetime, limit: int) -> int:
        """Make up to `limit` held ones of these apps due, the oldest first; how many there were."""


class Nudges(Protocol):
    """Where the ingress sends word that a user's browser came back."""

    def nudge(self, verification_id: UUID) -> None:
        """Let a worker look at a verification after a grace. Neither waits nor fails."""


class NudgedVerifications(Protocol):
    """Where it stands that a user's browser came back."""

    async def nudge(self, verification_id: UUID, *, now: datetime) -> bool:
        """Make a registered verification of which nothing is heard due, once; False for any other."""


class SecondLooks(Protocol):
    """Where it stands what a pull after the decision brought."""

    async def note(self, verification_id: UUID, *, fence: int, event: str, detail: dict[str, object]) -> None:
        """Put it on the timeline; the operator's request is answered."""


class DeadLetters(Protocol):
    """Where callbacks go that could not be understood or processed."""

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Keep one; the same one again counts an attempt more."""

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        """Delete letters whose retry came through; one that failed again meanwhile stays."""


class Policies(Protocol):
    """The policies in force."""

    def get(self, name: str) -> Policy:
        """The policy in force under this name. Raises KeyError."""

    def marks(self) -> dict[str, str]:
        """The policies in force, each with the first digits of its text's hash."""

    def reload(self) -> list[FileProblem]:
        """Read them again; what is wrong with which file."""


class Announcer(Protocol):
    """Wakes whoever waits for a decision: a hint."""

    async def announce(self, verification_id: UUID) -> None:
        """Say that a verification was decided."""
