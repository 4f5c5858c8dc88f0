"""An undecided verification in a worker's hands."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.payload import Payload


class Case(msgspec.Struct, frozen=True):
    """What it takes to settle one verification.

    `ended_at`: when the flow's end was reported. `is_new`: nobody has worked on it before, so its ledger of
    pulls is surely empty.
    """

    verification_id: UUID
    app_id: str
    data_key: bytes
    payload: Payload
    ended_at: datetime
    is_new: bool
