"""Options that many commands have: the app, times, and the selection of stored decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol

import typer

from domain.views.decisions import Selection


def parse_time(text: str) -> datetime:
    """An ISO 8601 day or time; UTC if it names no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("not a day or time like 2026-03-07 or 2026-03-07T12:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


AppOption = Annotated[str | None, typer.Option("--app", help="Only this app; default: all apps")]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since", parser=parse_time, metavar="TIME", help="Only decisions since this day or time (UTC)"
    ),
]


class StoredApps(Protocol):
    """A store that knows the apps of its verifications."""

    async def app_ids(self) -> Sequence[str]:
        """Every app that has a verification, whether or not it is configured here."""


async def select(
    stored: StoredApps, *, app: str | None, since: datetime | None, limit: int | None = None
) -> Selection:
    """Select the decisions of one app, or of all apps."""
    return Selection(await stored.app_ids() if app is None else [app], since=since, limit=limit)
