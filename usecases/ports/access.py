"""Who may call the api, and how often."""

from typing import Protocol

from domain.views.tokens import ApiToken


class Tokens(Protocol):
    """Bearer tokens."""

    async def check(self, token: str) -> ApiToken | None:
        """What this bearer may do; None for an unknown or expired token."""


class CallRates(Protocol):
    """Requests that cost vendor calls, counted by token."""

    async def take(self, token: str) -> float:
        """0: one more request of this token was counted. Otherwise the seconds until the next may come."""
