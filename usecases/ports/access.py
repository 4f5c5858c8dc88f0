"""Tokens of the api, and the rates of their requests."""

from typing import Protocol

from domain.audit.row import AuditRow
from domain.views.tokens import ApiToken


class Tokens(Protocol):
    """Bearer tokens."""

    async def check(self, token: str) -> ApiToken | None:
        """The rights of this token; None if it is unknown or expired."""


class ApiTokens(Protocol):
    """The tokens of programs, for those who manage them."""

    async def all(self) -> list[ApiToken]:
        """Every token, without its secret."""

    async def revoke(self, name: str, *, audit: AuditRow) -> bool:
        """Delete a token; False if there is none with this name."""


class CallRates(Protocol):
    """Requests that cost vendor calls, counted by token."""

    async def take(self, token: str) -> float:
        """Count a request of this token and return 0, or return the seconds until the next one is allowed."""
