"""The contents of a policy file: one struct per table, every key with the default policy's value.

`policies/default.toml` lists every key; docs/policy.md explains each of them.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.callback.parts import ComparisonName, Level
from domain.model import ConfirmationMode
from domain.policy.facts.facts import MOST_COUNTED

Direction = Literal["approved", "rejected", "incomplete"]
PriorityWord = Literal["low", "normal", "high", "urgent"]
Action = Literal["reject", "review", "ignore"]
DoubtAction = Literal["reject", "review"]
Score = Annotated[float, Meta(ge=0, le=100)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=MOST_COUNTED - 1)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Version = Annotated[str, Meta(min_length=1, max_length=64)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the tables: immutable, named, no unknown key."""


class FaceTable(_Table, frozen=True):
    comparisons: Literal["auto"] | Annotated[tuple[ComparisonName, ...], Meta(min_length=1)] = "auto"
    need: Literal["all", "any"] = "all"
    approve_level: Level = "1e-5"
    review_level: Level = "1e-3"
    min_confidence: Score = 60.0
    missing: DoubtAction = "review"


class LivenessTable(_Table, frozen=True):
    failed: DoubtAction = "reject"
    missing: DoubtAction = "review"
    max_counts: Annotated[dict[str, Annotated[int, Meta(ge=0)]], Meta(max_length=100)] = {}
    exceeded: Action = "review"


class GenuinenessTable(_Table, frozen=True):
    synthetic_face: Action = "reject"
    mask: Action = "reject"
    screen_replay: Action = "reject"
    face_replaced: Action = "reject"
    selfie_inconsistent: Action = "reject"
    selfie_metadata_inconsistent: Action = "reject"
    other: Action = "review"
    incomplete_pair: Action = "review"
    missing: Action = "ignore"


class IdExceptionsTable(_Table, frozen=True):
    id_attacked: Action = "review"
    id_photo_monochrome: Action = "ignore"


class WillTable(_Table, frozen=True):
    require: Literal["when_present", "always", "never"] = "when_present"
    failed: DoubtAction = "reject"
    missing: DoubtAction = "review"


class MultifacesTable(_Table, frozen=True):
    detected: Action = "review"


class IdCardTable(_Table, frozen=True):
    expired: Action = "ignore"
    legality: Action = "ignore"
    max_photocopy: Share = 0.5
    max_screen: Share = 0.5
    max_edited: Share = 0.5
    max_temporary: Share = 0.5
    min_id_photo: Share = 0.5
    logic: Action = "ignore"
    quality: Action = "ignore"
    min_quality: Share = 0.753


class VelocityTable(_Table, frozen=True):
    max_same_number_30d: Count | None = None
    max_attempts_24h: Count | None = None
    exceeded: DoubtAction = "review"
    missing: DoubtAction = "review"

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit, so that the fact is needed."""
        return self.max_same_number_30d is not None or self.max_attempts_24h is not None


class PayloadTable(_Table, frozen=True):
    irregular: Action = "review"


class VerifyErrorsTable(_Table, frozen=True):
    NO_SUCH_ID_NUMBER: DoubtAction = "reject"
    ID_NUMBER_NAME_NOT_MATCH: DoubtAction = "reject"
    NO_FACE_FOUND: DoubtAction = "reject"
    IMAGE_ERROR_UNSUPPORTED_FORMAT: DoubtAction = "review"
    DATA_SOURCE_ERROR: DoubtAction = "review"
    INTERNAL_ERROR: DoubtAction = "review"
    unknown: DoubtAction = "review"


class ConfirmationTable(_Table, frozen=True):
    mode: ConfirmationMode = ConfirmationMode.REQUIRED
    unavailable: DoubtAction = "review"
    disagreement: DoubtAction = "review"


class ReviewTable(_Table, frozen=True):
    minutes: Annotated[int, Meta(ge=1, le=43_200)] = 240
    priority: Annotated[dict[str, PriorityWord], Meta(max_length=100)] = {}
    four_eyes: tuple[Direction, ...] = ("approved",)
    second_look: Share = 0.0


class PolicyConfig(_Table, frozen=True):
    """A whole policy file."""

    name: Name
    version: Version
    face: FaceTable = FaceTable()
    liveness: LivenessTable = LivenessTable()
    genuineness: GenuinenessTable = GenuinenessTable()
    id_exceptions: IdExceptionsTable = IdExceptionsTable()
    will: WillTable = WillTable()
    multifaces: MultifacesTable = MultifacesTable()
    id_card: IdCardTable = IdCardTable()
    velocity: VelocityTable = VelocityTable()
    payload: PayloadTable = PayloadTable()
    verify_errors: VerifyErrorsTable = VerifyErrorsTable()
    confirmation: ConfirmationTable = ConfirmationTable()
    review: ReviewTable = ReviewTable()
