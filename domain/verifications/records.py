"""The values that stores take and return: claimed verifications, calls, decisions."""

from datetime import datetime

import msgspec

from domain.apps.registration import Registration
from domain.callback.parts import Payload
from domain.model import AcceptedCallback, ConfirmationMode, Identity, State
from domain.policy.decide import Decision
from domain.policy.evidence import Evidence
from domain.policy.file.policy import Policy
from domain.pulls.answer import Answer
from domain.verifications.lease import Leased


class ClaimedBatch(msgspec.Struct, frozen=True):
    """A claimed batch. `starts`: how often it was claimed before without being finished.
    `callbacks`: None if no configured master key decrypts it. `is_retry`: they are retried dead letters."""

    batch_id: str
    starts: int
    callbacks: list[AcceptedCallback] | None
    is_retry: bool = False


class Claim(msgspec.Struct, frozen=True):
    """A group of batches. `left`: about how many batches still wait, 0 only if none does."""

    batches: list[ClaimedBatch]
    left: int


class DecodedCallback(msgspec.Struct, frozen=True):
    """A decoded callback. `awaits_registration`: do not decide it while its verification is unregistered.

    `leased`: the worker that records it decides its verification; otherwise it is due at once for any worker.
    """

    callback: AcceptedCallback
    payload: Payload
    awaits_registration: bool = False
    leased: bool = True


class Recorded(Leased, frozen=True):
    """The result of recording a callback.

    `to_advance`: this new callback is the one that its verification is decided on, so the worker continues
    with the verification under `lease`, whose app may differ from the app that received the callback.
    """

    is_new: bool
    to_advance: bool
    registration: Registration | None = None


class ClaimedVerifications(msgspec.Struct, frozen=True):
    """Claimed verifications. `full`: the apps that may have more due verifications than were claimed.
    `unreadable`: how many were claimed and postponed because no configured master key decrypts them."""

    opened: list["DueVerification"]
    full: frozenset[str] = frozenset()
    unreadable: int = 0


class DueVerification(Leased, frozen=True):
    """A due verification, claimed under `lease`.

    `data`: the callback to decide on, None if none has arrived. `asked_at`: when an operator asked for a
    pull. `has_calls`: whether its ledger of pulls has entries.
    """

    biz_id: str
    state: State
    data: bytes | None = None
    ended_at: datetime | None = None
    registration: Registration | None = None
    asked_at: datetime | None = None
    has_calls: bool = True


class Case(Leased, frozen=True):
    """A claimed verification with its callback decoded.

    `ended_at`: when the flow's end was reported. `is_new`: its ledger of pulls was empty when it was claimed.
    """

    biz_id: str
    payload: Payload | None = None
    ended_at: datetime | None = None
    registration: Registration | None = None
    asked_at: datetime | None = None
    is_decided: bool = False
    is_new: bool = False

    def kept_since(self, now: datetime) -> datetime:
        """The earliest known start of the day for which the vendor keeps this result."""
        if self.ended_at is not None:
            return self.ended_at
        return self.registration.day_begins if self.registration else now


class FinishedPull(Leased, frozen=True):
    """The end of reserved call `n`.

    `pictures`: how many of its answer are in the store. `pictures_lost`: how many the store did not take.
    """

    n: int
    answer: Answer
    finished_at: datetime
    pictures: int = 0
    pictures_lost: int = 0


class DecisionRecord(Leased, frozen=True):
    """A decision with its evidence; `shadow` is a candidate policy's decision on the same evidence."""

    decision: Decision
    policy: Policy
    evidence: Evidence
    mode: ConfirmationMode
    identity: Identity | None
    decided_at: datetime
    shadow: tuple[Policy, Decision] | None = None
