"""Why PostgreSQL cannot be used, in words for an operator: an outage, or something to fix.

No message repeats an address, a name or a value of ours or of the server's.
"""

from typing import Final

from adapters.configuration.unreachable import why_unreachable
from adapters.postgres.sqlstate import DatabaseAway

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


def database_trouble(error: DatabaseAway) -> str:
    """Why PostgreSQL cannot be used."""
    sqlstate = error.sqlstate or ""
    known = _REFUSALS.get(sqlstate) or _REFUSALS.get(sqlstate[:2])
    if known:
        return known
    if sqlstate and not sqlstate.startswith("08"):
        return f"the server refuses (SQLSTATE {sqlstate})"
    return why_unreachable(error)


def database_refuses(error: DatabaseAway) -> bool:
    """Whether PostgreSQL answers, but an operator has to fix something before we can use it."""
    return (error.sqlstate or "").startswith(("28", "3D", "42", "25006"))
