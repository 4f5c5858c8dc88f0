"""Why Redis cannot be used, in words for an operator: an outage, or something to fix.

No message repeats an address, a name or a value of ours or of the server's.
"""

from typing import Final

from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError

from adapters.configuration.unreachable import why_unreachable
from adapters.redis.client import RedisAway

_REFUSALS: Final = (
    (AuthenticationError, "the server refuses the user or the password"),
    (NoPermissionError, "the user lacks a permission (ACL)"),
    (OutOfMemoryError, "the server has reached its maxmemory"),
)


def redis_refuses(error: RedisAway) -> bool:
    """Whether Redis answers, but an operator has to fix something before we can use it."""
    return isinstance(error.__cause__, AuthenticationError | ResponseError)


def redis_trouble(error: RedisAway) -> str:
    """Why Redis cannot be used."""
    match error.__cause__:
        case AuthenticationError() as refusal if "required" in str(refusal).lower():
            return "the server requires a password"
        case ResponseError() as refusal if "DB index" in str(refusal):
            return "the server has no database with that number"
    known = next((words for kind, words in _REFUSALS if isinstance(error.__cause__, kind)), None)
    if known is None and isinstance(error.__cause__, ResponseError):
        return f"the server refuses ({error.kind})"
    return known or why_unreachable(error)
