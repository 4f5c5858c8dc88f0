"""Tokens of the api, and the rates of their requests."""

from typing import Protocol

from domain.views.tokens import ApiToken


class Tokens(Protocol):
    """Bearer tokens."""

    async def check(self, token: str) -> ApiToken | None:
        """The rights of this token; None if it is unknown or expired."""


class CallRates(Protocol):
    """Requests that cost vendor calls, counted by token."""

    async def take(self, token: str) -> float:
        """Count a request of this token and return 0, or return the seconds until the next one is allowed."""
