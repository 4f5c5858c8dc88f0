"""What one token may do on the api, by what a request costs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.throttle import Rate


class Cost(StrEnum):
    """What a request costs.

    `lookup` one row or a few · `list` many rows · `call` it makes calls to the vendor, or lets them be made ·
    `backtest` seconds of computing.
    """

    LOOKUP = "lookup"
    LIST = "list"
    CALL = "call"
    BACKTEST = "backtest"


class Quota(msgspec.Struct, frozen=True):
    """A token's share of one process.

    `rate`: how many requests are begun. `working`: how many are worked on at once. Others wait for their
    turn, up to `open` with those that hold for a decision; more are refused.
    """

    rate: Rate
    working: int
    open: int


def quotas(*, per_second: float) -> Mapping[Cost, Quota]:
    """The shares of a token that may make `per_second` lookups."""
    return {
        Cost.LOOKUP: Quota(Rate(per_second, 2 * per_second), working=8, open=256),
        Cost.LIST: Quota(Rate(10, 40), working=2, open=32),
        Cost.CALL: Quota(Rate(per_second, 2 * per_second), working=8, open=64),
        Cost.BACKTEST: Quota(Rate(1, 10), working=1, open=1),
    }


BACKTESTS_AT_ONCE: Final = 2
"""In one process, of all tokens together."""
