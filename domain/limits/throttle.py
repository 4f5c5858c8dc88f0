"""Token buckets: so many at once, and so many a second after that; for each address, and for all together.

Pure: `now` is passed in as seconds of a clock that never goes back. Libraries have it bound to a loop, to
Redis, or with a table of callers that grows as long as strangers come.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

import msgspec

REMEMBERED: Final = 4096
_IPV6_SITE: Final = 64
"""Bits of an IPv6 address that a single customer has at least: the rest is theirs to choose."""


class Rate(msgspec.Struct, frozen=True):
    """`per_second` for ever, `burst` at once."""

    per_second: float
    burst: float


class Bucket(msgspec.Struct, frozen=True):
    """`tokens` stood in it at `at`."""

    tokens: float
    at: float

    def taken(self, rate: Rate, now: float) -> "Bucket | None":
        """The bucket with one token less, or None while there is none in it."""
        tokens = min(rate.burst, self.tokens + (now - self.at) * rate.per_second)
        return Bucket(tokens - 1, now) if tokens >= 1 else None

    def lacks(self, rate: Rate, now: float) -> float:
        """The seconds until there is a token in it; 0: there is one."""
        return max(0.0, (1 - self.tokens) / rate.per_second - (now - self.at))


class Buckets:
    """A bucket for each key. The keys longest unseen are forgotten, and have their burst again."""

    def __init__(self, rate: Rate, *, remembered: int = REMEMBERED) -> None:
        self._rate = rate
        self._remembered = remembered
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """0: one was taken at `now`. Otherwise the seconds until there is one."""
        bucket = self._bucket(key, now)
        taken = bucket.taken(self._rate, now)
        self._buckets[key] = taken or bucket
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return 0.0 if taken else bucket.lacks(self._rate, now)

    def lacks(self, key: str, now: float) -> float:
        """The seconds until there is one to take; 0: now. Nothing is taken."""
        return self._bucket(key, now).lacks(self._rate, now)

    def _bucket(self, key: str, now: float) -> Bucket:
        return self._buckets.get(key, Bucket(self._rate.burst, now))

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)


class Throttle:
    """Permits so many from each address and so many together; the addresses longest unseen are forgotten.

    A forgotten address has its burst again. What all together may do bounds what comes of that.
    """

    def __init__(self, *, each: Rate, together: Rate, remembered: int = REMEMBERED) -> None:
        self._each = each
        self._rate = together
        self._remembered = remembered
        self._together = Bucket(together.burst, 0)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def permits(self, address: str, now: float) -> bool:
        """Whether one more from this address may go at `now`; if so, it is counted."""
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
        """How many addresses are remembered."""
        return len(self._buckets)


def caller_of(address: str) -> str:
    """Whoever an address stands for: an IPv4 address, or the /64 of an IPv6 one. Anything else is nobody."""
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
