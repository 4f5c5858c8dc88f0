"""What a sender of webhooks works with, built once per process by a composition root."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.events.webhooks.signing import PrivateKey
from domain.events.webhooks.way import Post
from usecases.ports.events.deliveries import Deliveries, Receivers
from usecases.process.crash_points import SendingPoint
from usecases.process.delivery_stats import DeliveryStats


def _go_on(_point: SendingPoint) -> None:
    pass


@dataclass(frozen=True)
class SenderContext:
    """`apps`: those of the settings; endpoints of other apps are paused. `lease`: how long a claimed delivery
    may rest before another sender takes it; longer than an attempt.

    `open_key` makes an ed25519 key of its seed. `monotonic`: seconds of a clock that never goes back.
    `reached` is told of every point at which the fault suite may let the process die. `chance` gives a
    random number from 0 to 1, `sleep` waits for a number of seconds.
    """

    deliveries: Deliveries
    receivers: Receivers
    post: Post
    open_key: Callable[[bytes], PrivateKey]
    apps: Collection[str]
    lease: timedelta
    clock: Callable[[], datetime]
    stats: DeliveryStats = field(default_factory=DeliveryStats)
    reached: Callable[[SendingPoint], None] = _go_on
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
