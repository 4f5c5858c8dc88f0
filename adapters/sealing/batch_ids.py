"""Batch ids, which contain the acceptance time and the number of callbacks without decryption.

An id is the Unix time in milliseconds as 12 hex digits, 20 random hex digits, and `.` with the number of
callbacks: `019f3c0b7a10` `9c…` `.32`. The prefix `retry-` marks a batch of retried letters, the suffix `-`
with a number a part of a batch.
"""

import re
import secrets
import time
from typing import Final

_STAMPED: Final = re.compile(r"(?:^|-)(?P<ms>[0-9a-f]{12})[0-9a-f]{20}\.[0-9]+")


_RETRY: Final = "retry-"


def new_batch_id(callbacks: int) -> str:
    """A new id for a batch that holds this many callbacks and is accepted now."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}.{callbacks}"


def new_retry_id(letters: int) -> str:
    """A new id for a batch that holds this many retried letters."""
    return _RETRY + new_batch_id(letters)


def is_retry(batch_id: str) -> bool:
    """Whether a batch, or the batch that it is a part of, holds retried letters."""
    return batch_id.startswith(_RETRY)


def part_id(batch_id: str, index: int) -> str:
    """The id of a batch that holds one callback of another batch."""
    return f"{batch_id}-{index}"


def accepted_ms(batch_id: str) -> int | None:
    """When the batch was accepted (Unix time, ms); None for ids of versions before 0.2."""
    found = _STAMPED.search(batch_id)
    return int(found["ms"], 16) if found else None
