"""Bearer tokens of the internal API, without their secrets."""

from datetime import datetime
from typing import Final

import msgspec

SCOPE_MEANINGS: Final = {
    "verifications:read": "Look up verifications and why they were decided, see and try policies.",
    "verifications:write": "Order and register verifications.",
    "endpoints": "Manage webhook endpoints.",
    "operate": "Spend a pull, handle dead letters, reload policies.",
}

SCOPES: Final = tuple(SCOPE_MEANINGS)


class ApiToken(msgspec.Struct, frozen=True):
    """What a bearer may do; `apps` None means every app."""

    name: str
    apps: list[str] | None
    scopes: list[str]
    expires_at: datetime | None
