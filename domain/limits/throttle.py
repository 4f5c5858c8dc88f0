"""Token buckets: a burst, then a rate per second; for each address, and for all addresses together.

Pure: `now` is the seconds of a monotonic clock. Existing libraries are bound to an event loop or to Redis,
or have a table of callers that grows without limit.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

import msgspec

REMEMBERED: Final = 4096
_IPV6_SITE: Final = 64
"""The shortest prefix of an IPv6 address that identifies one customer, who chooses the rest freely."""


class Rate(msgspec.Struct, frozen=True):
    """`per_second` sustained, `burst` at once."""

    per_second: float
    burst: float


class Bucket(msgspec.Struct, frozen=True):
    """A bucket that held `tokens` at the time `at`."""

    tokens: float
    at: float

    def taken(self, rate: Rate, now: float) -> "Bucket | None":
        """The bucket with one token less, or None if it is empty."""
        tokens = min(rate.burst, self.tokens + (now - self.at) * rate.per_second)
        return Bucket(tokens - 1, now) if tokens >= 1 else None

    def lacks(self, rate: Rate, now: float) -> float:
        """The seconds until it holds a token; 0: it holds one now."""
        return max(0.0, (1 - self.tokens) / rate.per_second - (now - self.at))


class Buckets:
    """A bucket for each key. The least recently seen keys are dropped, and start with a full burst again."""

    def __init__(self, rate: Rate, *, remembered: int = REMEMBERED) -> None:
        self._rate = rate
        self._remembered = remembered
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Take a token at `now` and return 0, or return the seconds until there is one."""
        bucket = self._bucket(key, now)
        taken = bucket.taken(self._rate, now)
        self._buckets[key] = taken or bucket
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return 0.0 if taken else bucket.lacks(self._rate, now)

    def lacks(self, key: str, now: float) -> float:
        """The seconds until there is a token, 0 if there is one now. Takes nothing."""
        return self._bucket(key, now).lacks(self._rate, now)

    def _bucket(self, key: str, now: float) -> Bucket:
        return self._buckets.get(key, Bucket(self._rate.burst, now))

    def __len__(self) -> int:
        """The number of remembered keys."""
        return len(self._buckets)


class Throttle:
    """Limit each address and all addresses together; the least recently seen addresses are dropped.

    A dropped address starts with a full burst again; the common limit bounds the effect.
    """

    def __init__(self, *, each: Rate, together: Rate, remembered: int = REMEMBERED) -> None:
        self._each = each
        self._rate = together
        self._remembered = remembered
        self._together = Bucket(together.burst, 0)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def permits(self, address: str, now: float) -> bool:
        """Whether one more request from this address is allowed at `now`; if so, it is counted."""
        who = caller_of(address)
        mine = self._buckets.get(who, Bucket(self._each.burst, now)).taken(self._each, now)
        ours = self._together.taken(self._rate, now)
        if mine is None or ours is None:
            return False
        self._together = ours
        self._buckets[who] = mine
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return True

    def __len__(self) -> int:
        """The number of remembered addresses."""
        return len(self._buckets)


def caller_of(address: str) -> str:
    """The caller behind an address: an IPv4 address, or the /64 of an IPv6 address; "" for anything else."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    site = int(parsed) >> (128 - _IPV6_SITE) << (128 - _IPV6_SITE)
    return f"{IPv6Address(site)}/{_IPV6_SITE}"
