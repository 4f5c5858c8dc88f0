"""Why a server cannot be used, in words for an operator: an outage, or what somebody has to put right.

No message repeats an address, a name or a value of ours or of the server's.
"""

import ssl
from typing import Final

from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError

_REFUSALS: Final = {
    "28P01": "the server refuses the user or the password",
    "28": "the server does not know this user, or does not let it in from here (pg_hba.conf)",
    "3D000": "the server has no database of that name",
    "3F000": "the schema that search_path names is not there",
    "42P01": "a table is missing: run `faceid-gateway migrate`",
    "42703": "a column is missing: run `faceid-gateway migrate`",
    "42501": "the user lacks a privilege in this database",
    "25006": "the database is read-only",
    "53300": "the server has no connection left",
    "55P03": "another session holds a lock for too long",
    "57P03": "the server is starting up or shutting down",
}
"""What an SQLSTATE, or its class, means (PostgreSQL, appendix A)."""


_REDIS_REFUSALS: Final = (
    (AuthenticationError, "the server refuses the user or the password"),
    (NoPermissionError, "the user lacks a permission (ACL)"),
    (OutOfMemoryError, "the server is full up to its maxmemory"),
)


def database_trouble(error: BaseException) -> str:
    """Why PostgreSQL cannot be used, from an error of `DATABASE_AWAY`."""
    sqlstate = getattr(error, "sqlstate", None) or ""
    known = _REFUSALS.get(sqlstate) or _REFUSALS.get(sqlstate[:2])
    if known:
        return known
    if sqlstate and not sqlstate.startswith("08"):
        return f"the server refuses (SQLSTATE {sqlstate})"
    return _unreachable(error)


def database_refuses(error: BaseException) -> bool:
    """Whether PostgreSQL answers, and somebody has to put something right before it lets us work."""
    return (getattr(error, "sqlstate", None) or "").startswith(("28", "3D", "42", "25006"))


def redis_refuses(error: BaseException) -> bool:
    """Whether Redis answers, and somebody has to put something right before it lets us work."""
    return isinstance(error, AuthenticationError | ResponseError)


def redis_trouble(error: BaseException) -> str:
    """Why Redis cannot be used, from an error of `REDIS_AWAY`."""
    match error:
        case AuthenticationError() if "required" in str(error).lower():
            return "the server wants a password"
        case ResponseError() if "DB index" in str(error):
            return "the server has no database of that number"
    known = next((words for kind, words in _REDIS_REFUSALS if isinstance(error, kind)), None)
    if known is None and isinstance(error, ResponseError):
        return f"the server refuses ({type(error).__name__})"
    return known or _unreachable(error)


def _unreachable(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "the server's certificate is not one that is trusted here"
    if isinstance(cause, ssl.SSLError):
        return "TLS fails: does the server speak it on this port?"
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return "the server speaks no TLS, which sslmode wants"
    return f"cannot be reached ({type(error).__name__})"
