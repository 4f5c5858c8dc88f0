"""Stored decisions: the selection that a backtest reads, and the comparison with a candidate policy."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.policy.backtest import Comparison


class CandidateText(msgspec.Struct, frozen=True):
    """One text that ran as a shadow under a policy's name, newest use first."""

    version: str
    content_hash: str
    verifications: int
    first_at: datetime
    last_at: datetime


class PolicyVersion(msgspec.Struct, frozen=True):
    """A text that has decided under a policy's name; `first_used_at` None if it has not decided yet."""

    name: str
    version: str
    content_hash: str
    first_used_at: datetime | None


class Shadow(msgspec.Struct, frozen=True):
    """The live policy (before) compared with a candidate (after), over all texts of its name."""

    comparison: Comparison
    texts: tuple[CandidateText, ...]


class Selection(msgspec.Struct, frozen=True):
    """The newest `limit` decisions of these apps since `since`."""

    app_ids: Sequence[str]
    since: datetime | None = None
    limit: int | None = None
