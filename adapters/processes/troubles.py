"""Why a server cannot be used, in words for an operator: an outage, or something to fix.

No message repeats an address, a name or a value of ours or of the server's.
"""

import ssl
from collections.abc import Iterator
from typing import Final

from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError

from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from domain.errors import ServerAway

_REFUSALS: Final = {
    "28P01": "the server refuses the user or the password",
    "28": "the server does not know this user, or refuses it from this address (pg_hba.conf)",
    "3D000": "the server has no database of that name",
    "3F000": "the schema in search_path does not exist",
    "42P01": "a table is missing: run `faceid-gateway migrate`",
    "42703": "a column is missing: run `faceid-gateway migrate`",
    "42501": "the user lacks a privilege in this database",
    "25006": "the database is read-only",
    "53300": "the server has no connection left",
    "55P03": "another session has held a lock for too long",
    "57P03": "the server is starting up or shutting down",
}
"""What an SQLSTATE, or its class, means (PostgreSQL, appendix A)."""


_REDIS_REFUSALS: Final = (
    (AuthenticationError, "the server refuses the user or the password"),
    (NoPermissionError, "the user lacks a permission (ACL)"),
    (OutOfMemoryError, "the server has reached its maxmemory"),
)


def trouble_of(error: ServerAway) -> str:
    """Why a server cannot be used."""
    match error:
        case DatabaseAway():
            return database_trouble(error)
        case RedisAway():
            return redis_trouble(error)
    return _unreachable(error)


def database_trouble(error: DatabaseAway) -> str:
    """Why PostgreSQL cannot be used."""
    sqlstate = error.sqlstate or ""
    known = _REFUSALS.get(sqlstate) or _REFUSALS.get(sqlstate[:2])
    if known:
        return known
    if sqlstate and not sqlstate.startswith("08"):
        return f"the server refuses (SQLSTATE {sqlstate})"
    return _unreachable(error)


def database_refuses(error: DatabaseAway) -> bool:
    """Whether PostgreSQL answers, but an operator has to fix something before we can use it."""
    return (error.sqlstate or "").startswith(("28", "3D", "42", "25006"))


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
    known = next((words for kind, words in _REDIS_REFUSALS if isinstance(error.__cause__, kind)), None)
    if known is None and isinstance(error.__cause__, ResponseError):
        return f"the server refuses ({error.kind})"
    return known or _unreachable(error)


def _unreachable(error: ServerAway) -> str:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "the server's certificate is not trusted"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "the TLS handshake failed: does the server use TLS on this port?"
    if any(isinstance(cause, ConnectionError) and "SSL" in str(cause) for cause in causes):
        return "the server does not support TLS, which sslmode requires"
    return f"cannot be reached ({error.kind})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    while cause := error.__cause__ or error.__context__:
        yield cause
        error = cause
