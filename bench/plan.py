"""How much a run measures."""

from typing import Final

import msgspec

PARTS: Final = (
    "ingress",
    "worker",
    "steady",
    "latency",
    "young",
    "lookups",
    "lists",
    "deliveries",
    "endpoint",
    "keys",
    "upkeep",
    "processes",
    "idle",
    "drain",
)


class Plan(msgspec.Struct, frozen=True):
    """The size of the measurements.

    `pool`: different callbacks, of which others are made; `drain`: the callbacks that wait in the last part.
    """

    parts: tuple[str, ...] = PARTS
    pool: int = 4_000
    rounds: int = 5
    seconds: float = 2.0
    waiting: int = 4_000
    jobs: int = 3_000
    rates: tuple[int, ...] = (100, 300, 600, 900, 1_000, 2_000)
    steady: float = 8.0
    latencies: int = 150
    young: int = 40_000
    sizes: tuple[int, ...] = (2_000, 1_000_000)
    letters: int = 100_000
    events: int = 500
    rewraps: int = 200_000
    aged: int = 100_000
    connections: int = 10_000
    drain: int = 200_000


WHOLE: Final = Plan()
QUICK: Final = Plan(
    pool=2_000,
    rounds=2,
    seconds=0.5,
    waiting=1_000,
    jobs=1_200,
    rates=(300, 900),
    steady=2.0,
    latencies=40,
    young=4_000,
    sizes=(2_000,),
    letters=2_000,
    rewraps=20_000,
    connections=1_000,
    drain=20_000,
    aged=20_000,
)
LONG: Final = Plan(drain=1_000_000)
