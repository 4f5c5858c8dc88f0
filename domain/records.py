"""What the stores take and give: verifications in a worker's hands, calls, decisions."""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.callback.parts import Payload
from domain.lease import Leased
from domain.model import AcceptedCallback, ConfirmationMode, Identity, State
from domain.orders import USUAL_TOKEN
from domain.policy.decide import Decision
from domain.policy.evidence import Evidence
from domain.policy.file import Policy
from domain.pulls.answer import Answer


class Registration(msgspec.Struct, frozen=True):
    """What is known of a verification before any callback: its order, since when, until when its token is
    good. `nudged_at`: when its user's browser came back."""

    biz_no: str | None
    registered_at: datetime
    expires_at: datetime
    nudged_at: datetime | None = None

    @property
    def day_begins(self) -> datetime:
        """From when the vendor's day for the result counts.

        The flow ends with the token at the latest, which may be long after the registration, or before it.
        """
        return min(self.expires_at, max(self.registered_at, self.expires_at - USUAL_TOKEN))


class Registered(StrEnum):
    """What a registration came to.

    `created` nobody knew the verification · `joined` its callback had come before · `known` it is registered
    so already · `conflict` it stands for another order, or for another app of the same vendor account.
    """

    CREATED = "created"
    JOINED = "joined"
    KNOWN = "known"
    CONFLICT = "conflict"


class ClaimedBatch(msgspec.Struct, frozen=True):
    """A batch in a worker's hands. `starts`: how often it was claimed before without coming to an end.
    `callbacks`: None where no configured master key opens it. `is_retry`: they are retried dead letters."""

    batch_id: str
    starts: int
    callbacks: list[AcceptedCallback] | None
    is_retry: bool = False


class Claim(msgspec.Struct, frozen=True):
    """A group of batches. `left`: about how many batches wait still, 0 only where none does."""

    batches: list[ClaimedBatch]
    left: int


class DecodedCallback(msgspec.Struct, frozen=True):
    """A callback that is understood. `hold`: not to be settled while its verification is unregistered.

    `leased`: whoever records it settles its verification; else the verification is due at once, for anybody.
    """

    callback: AcceptedCallback
    payload: Payload
    hold: bool = False
    leased: bool = True


class Recorded(Leased, frozen=True):
    """What the store knows about a callback once it stands there.

    `to_settle`: this is the callback that its verification is decided on, and it came just now, so whoever
    recorded it goes on to settle the verification under `lease`, whose app need not be the one that the
    callback came to.
    """

    is_new: bool
    to_settle: bool
    registration: Registration | None = None


class ClaimedVerifications(msgspec.Struct, frozen=True):
    """Verifications that were claimed. `full`: the apps that may have more due than they had room for.
    `unreadable`: how many were claimed and put off because no configured master key opens them."""

    opened: list["DueVerification"]
    full: frozenset[str] = frozenset()
    unreadable: int = 0


class DueVerification(Leased, frozen=True):
    """A verification that somebody must look at, claimed under `lease`.

    `data`: the callback to decide on, None where none has come. `asked_at`: when an operator asked for a
    pull. `has_calls`: whether its ledger of pulls holds any.
    """

    biz_id: str
    state: State
    data: bytes | None = None
    ended_at: datetime | None = None
    registration: Registration | None = None
    asked_at: datetime | None = None
    has_calls: bool = True


class Case(Leased, frozen=True):
    """A verification in a worker's hands: what was recorded or is due, with its callback decoded.

    `ended_at`: when the flow's end was reported. `is_new`: its ledger of pulls was empty when it came into
    these hands.
    """

    biz_id: str
    payload: Payload | None = None
    ended_at: datetime | None = None
    registration: Registration | None = None
    asked_at: datetime | None = None
    is_decided: bool = False
    is_new: bool = False

    def kept_since(self, now: datetime) -> datetime:
        """When the vendor's day for this result began, at the earliest that is known."""
        if self.ended_at is not None:
            return self.ended_at
        return self.registration.day_begins if self.registration else now


class FinishedPull(Leased, frozen=True):
    """What became of reserved call `n`."""

    n: int
    answer: Answer
    finished_at: datetime


class SettledVerification(Leased, frozen=True):
    """A decision with all that it was made from; `shadow` is what a candidate policy makes of the same."""

    decision: Decision
    policy: Policy
    evidence: Evidence
    mode: ConfirmationMode
    identity: Identity | None
    decided_at: datetime
    shadow: tuple[Policy, Decision] | None = None
