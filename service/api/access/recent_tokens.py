"""Valid tokens are remembered for half a second, so that a busy client's requests need no query each.

A token that is revoked or replaced stops working within that time on every process, without
any announcement. Unknown tokens are looked up each time.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from domain.limits.throttle import REMEMBERED
from domain.views.tokens import ApiToken
from usecases.ports.access import Tokens

_SECONDS: Final = 0.5


class _Seen(NamedTuple):
    token: ApiToken
    asked_at: float


class RecentTokens:
    """Checks tokens like `tokens`, with answers that are at most half a second old."""

    def __init__(self, tokens: Tokens, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._monotonic = monotonic
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    async def check(self, token: str) -> ApiToken | None:
        """The rights of this token, or None if it is unknown or expired."""
        key = hashlib.sha256(token.encode()).digest()
        now = self._monotonic()
        if (seen := self._seen.get(key)) is not None and now - seen.asked_at < _SECONDS:
            return seen.token
        found = await self._tokens.check(token)
        # The answer is as old as its question: the token may have been revoked meanwhile.
        self._note(key, found, now)
        return found

    def _note(self, key: bytes, found: ApiToken | None, asked_at: float) -> None:
        self._seen.pop(key, None)
        if found is None:
            return
        self._seen[key] = _Seen(found, asked_at)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
