"""What readers of the audit ask for and get."""

from datetime import datetime

import msgspec

from domain.audit.row import StoredRow

AuditPosition = tuple[datetime, int]
"""The time and the number of a row."""


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that a reader may and wants to see; None: all.

    `app_ids`: only rows of these apps, without those of no app. `since`: not older ones.
    `until`: only older ones.
    """

    app_ids: tuple[str, ...] | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """Rows, newest first. `next`: where the next page begins; None after the last page.

    A page may be short, even empty, and not be the last: the search for rows ends after a number of rows.
    """

    items: list[StoredRow]
    next: AuditPosition | None
