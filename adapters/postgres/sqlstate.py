"""Classify PostgreSQL's errors by SQLSTATE (PostgreSQL manual, appendix A)."""

from enum import Enum, auto
from typing import Final

from domain.errors import ServerAway


class Fault(Enum):
    """The part that failed, which determines what to do."""

    VALUE = auto()
    """A value: a retry does not help."""
    STATEMENT = auto()
    """A statement, because of other transactions or a lack of resources: it may pass; keep the connection."""
    SESSION = auto()
    """The session, its server, or cached state of either: a retry needs a new connection."""


class DatabaseAway(ServerAway):
    """PostgreSQL is away, starting, stopping, full, or requests a retry.

    `sqlstate` comes from the server; None if it sent none.
    """

    def __init__(self, kind: str = "", sqlstate: str | None = None) -> None:
        super().__init__(kind)
        self.sqlstate = sqlstate


class StatementFailed(DatabaseAway):
    """The same for one statement: without the conflicting row, or in another session, it may succeed."""


_VALUE: Final = ("22", "23", "54")
"""Data exception, integrity constraint violation, program limit exceeded."""

LOCK_NOT_AVAILABLE: Final = "55P03"
"""A lock took longer than `lock_timeout`."""

_STATEMENT: Final = ("09", "38", "39", "40", "53", "55006", LOCK_NOT_AVAILABLE, "57014", "P0")
"""Raised by a trigger or a function, rolled back after a deadlock, no resources, in use, locked, canceled."""

_EVERY_ROW: Final = ("08", "25", "28", "3D", "42", "53", "57P", "58")
"""Connection, transaction state (25006: read-only), access, missing database, schema that does not fit,
resources, shutdown, system: any other row would fail too."""


def fault_of(sqlstate: str | None) -> Fault:
    """The part at fault. An unknown error is never blamed on a value."""
    known = sqlstate or ""
    if known.startswith(_VALUE):
        return Fault.VALUE
    return Fault.STATEMENT if known.startswith(_STATEMENT) else Fault.SESSION


def meets_every_row(sqlstate: str | None) -> bool:
    """Whether any other statement would fail too. None (an error of the driver) counts as such."""
    return sqlstate is None or sqlstate.startswith(_EVERY_ROW)


def away(error: BaseException) -> DatabaseAway:
    """The `DatabaseAway` for this error of PostgreSQL or its driver."""
    sqlstate = getattr(error, "sqlstate", None)
    kind = DatabaseAway if meets_every_row(sqlstate) else StatementFailed
    return kind(type(error).__name__, sqlstate)
