"""What a decision is made on."""

import msgspec

from domain.facts.facts import Facts
from domain.policy.reasons import Reason


class Evidence(msgspec.Struct, frozen=True):
    """The facts of a callback, of its result, or of both.

    `unconfirmed`: why there is no result, None where there is one.

    Raises:
        ValueError: neither is there.
    """

    callback: Facts | None = None
    result: Facts | None = None
    unconfirmed: Reason | None = None

    def __post_init__(self) -> None:
        if self.callback is None and self.result is None:
            raise ValueError("no facts of a callback, and none of a result")
