"""The api's limits for one token and for all tokens together, by the cost of a request."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.limits.throttle import Rate


class Cost(StrEnum):
    """The cost of a request.

    `lookup` one row or a few · `wait` a lookup that waits for the decision: there may be a thousand at once,
    and none is urgent · `list` many rows · `call` calls to the vendor, at once or later · `backtest` seconds
    of computing.
    """

    LOOKUP = "lookup"
    WAIT = "wait"
    LIST = "list"
    CALL = "call"
    BACKTEST = "backtest"


class Quota(msgspec.Struct, frozen=True):
    """A token's share of one process.

    `rate`: how many requests may begin. `working`: how many run at once. Others queue, up to `open` together
    with those that wait for a decision; more are refused.

    `together`: how many of this cost run at once, over all tokens; the queue takes the tokens in turn. None:
    no limit, since these requests spend their time at the vendor.
    """

    rate: Rate
    working: int
    open: int
    together: int | None = None


def quotas(*, per_second: float) -> Mapping[Cost, Quota]:
    """The quotas of a token that may make `per_second` lookups.

    The limits for all tokens together leave connections to PostgreSQL free for lookups.
    """
    return {
        Cost.LOOKUP: Quota(Rate(per_second, 2 * per_second), working=4, open=256, together=5),
        Cost.WAIT: Quota(Rate(per_second, 2 * per_second), working=2, open=256, together=1),
        Cost.LIST: Quota(Rate(10, 40), working=1, open=32, together=2),
        Cost.CALL: Quota(Rate(per_second, 2 * per_second), working=8, open=64),
        Cost.BACKTEST: Quota(Rate(1, 10), working=1, open=1),
    }


BACKTESTS_AT_ONCE: Final = 2
"""In one process, for all tokens together."""
