"""Stored decisions: which of them a backtest reads, and how a candidate policy compares with them."""

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


class Shadow(msgspec.Struct, frozen=True):
    """The live policy (before) against a candidate (after) so far, over all texts of its name."""

    comparison: Comparison
    texts: tuple[CandidateText, ...]


class Selection(msgspec.Struct, frozen=True):
    """Which decisions: those of these apps, from `since` on, of these the newest `limit`."""

    app_ids: Sequence[str]
    since: datetime | None = None
    limit: int | None = None
