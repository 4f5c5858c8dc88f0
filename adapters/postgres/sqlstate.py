"""Whose fault a PostgreSQL error is, by its SQLSTATE (PostgreSQL manual, appendix A)."""

from enum import Enum, auto
from typing import Final

from domain.errors import ServerAway


class Fault(Enum):
    """What failed, and so what to do about it."""

    VALUE = auto()
    """A value: no other try helps."""
    STATEMENT = auto()
    """A statement that met others, or no room: it passes, and the connection is as good as before."""
    SESSION = auto()
    """The session, its server, or what either remembers: another try needs a new connection."""


class DatabaseAway(ServerAway):
    """PostgreSQL is away, starting, stopping, full, or asks for another try.

    `sqlstate` is what the server said, or None where it said nothing.
    """

    def __init__(self, kind: str = "", sqlstate: str | None = None) -> None:
        super().__init__(kind)
        self.sqlstate = sqlstate


class StatementFailed(DatabaseAway):
    """The same for one statement: without the row that it met, or on another session, it may succeed."""


_VALUE: Final = ("22", "23", "54")
"""Data exception, integrity constraint violation, and what is too long or too deep for any statement."""

LOCK_NOT_AVAILABLE: Final = "55P03"
"""What a statement waited for was locked for longer than `lock_timeout`."""

_STATEMENT: Final = ("09", "38", "39", "40", "53", "55006", LOCK_NOT_AVAILABLE, "57014", "P0")
"""Raised by a trigger or a function, rolled back for a deadlock, no resources, in use, locked, canceled."""

_EVERY_ROW: Final = ("08", "25", "28", "3D", "42", "53", "57P", "58")
"""Connection, transaction state (25006: read-only), access, missing database, schema that does not fit,
resources, shutdown, system: another row would meet the same."""


def fault_of(sqlstate: str | None) -> Fault:
    """Whose fault this is. What is not known is nobody's fault that a callback could be blamed for."""
    known = sqlstate or ""
    if known.startswith(_VALUE):
        return Fault.VALUE
    return Fault.STATEMENT if known.startswith(_STATEMENT) else Fault.SESSION


def meets_every_row(sqlstate: str | None) -> bool:
    """Whether any other statement would fail as well. None, an error of the driver, counts as such."""
    return sqlstate is None or sqlstate.startswith(_EVERY_ROW)


def away(error: BaseException) -> DatabaseAway:
    """What this error of PostgreSQL, or of its driver, is to those who need PostgreSQL."""
    sqlstate = getattr(error, "sqlstate", None)
    kind = DatabaseAway if meets_every_row(sqlstate) else StatementFailed
    return kind(type(error).__name__, sqlstate)
