"""What one token may do on the api, by what a request costs, and what all tokens together."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.limits.throttle import Rate


class Cost(StrEnum):
    """What a request costs.

    `lookup` one row or a few · `wait` a lookup that holds until there is a decision: there may be a thousand
    at once, and none is in a hurry · `list` many rows · `call` it makes calls to the vendor, or lets them be
    made · `backtest` seconds of computing.
    """

    LOOKUP = "lookup"
    WAIT = "wait"
    LIST = "list"
    CALL = "call"
    BACKTEST = "backtest"


class Quota(msgspec.Struct, frozen=True):
    """A token's share of one process.

    `rate`: how many requests are begun. `working`: how many are worked on at once. Others wait for their
    turn, up to `open` with those that hold for a decision; more are refused.

    `together`: how many of this cost are worked on at once, of all tokens; those that wait come in turns, one
    of each token. None: there is no limit, since they spend their time at the vendor.
    """

    rate: Rate
    working: int
    open: int
    together: int | None = None


def quotas(*, per_second: float) -> Mapping[Cost, Quota]:
    """The shares of a token that may make `per_second` lookups.

    What all tokens work on together leaves connections to PostgreSQL, so that lookups find one.
    """
    return {
        Cost.LOOKUP: Quota(Rate(per_second, 2 * per_second), working=4, open=256, together=5),
        Cost.WAIT: Quota(Rate(per_second, 2 * per_second), working=2, open=256, together=1),
        Cost.LIST: Quota(Rate(10, 40), working=1, open=32, together=2),
        Cost.CALL: Quota(Rate(per_second, 2 * per_second), working=8, open=64),
        Cost.BACKTEST: Quota(Rate(1, 10), working=1, open=1),
    }


BACKTESTS_AT_ONCE: Final = 2
"""In one process, of all tokens together."""
