"""What happens on a believable day: how many verifications of which kind, in which order."""

import random
from typing import Final

SHARES: Final = {
    "pass": 770,
    "face_mismatch": 50,
    "cancelled": 45,
    "timeout": 30,
    "attack": 20,
    "tampered": 20,
    "result_lost": 20,
    "name_mismatch": 15,
    "will_fail": 10,
    "silent": 10,
    "forged": 5,
    "extended": 5,
}
"""Of a thousand verifications, by the simulator's scenario. Attacks and doubts are more frequent than on a
real day, so that a few hundred show them.
"""

MOST: Final = 10_000
"""Verifications that one fill runs at most."""

REVIEWED: Final = ("tampered", "result_lost")
"""Scenarios whose outcome is `review`."""


def plan_of(count: int, *, seed: int = 1) -> list[str]:
    """`count` scenarios in these shares, each at least once where there is room, in a mixed order.

    The same `count` and `seed` give the same list.
    """
    whole = sum(SHARES.values())
    rare = [name for name in SHARES if name != "pass"]
    planned = [name for name in rare for _ in range(max(1, count * SHARES[name] // whole))][:count]
    planned += ["pass"] * (count - len(planned))
    random.Random(seed).shuffle(planned)  # noqa: S311 - an order, not a secret
    return planned
