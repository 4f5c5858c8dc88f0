"""Options and functions to read stored decisions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from adapters.postgres.engine import create_engine
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from cli.whereabouts import find_servers
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


@asynccontextmanager
async def stored_decisions(data_dir: Path | None) -> AsyncIterator[PgStoredDecisions]:
    """Connect to the stored decisions for the block. Raises SettingsError."""
    engine = create_engine(find_servers(data_dir).database_url)
    try:
        yield PgStoredDecisions(engine)
    finally:
        await engine.dispose()


async def select(
    stored: PgStoredDecisions, *, app: str | None, since: datetime | None, limit: int | None = None
) -> Selection:
    """Select the decisions of one app, or of all apps."""
    return Selection(await stored.app_ids() if app is None else [app], since=since, limit=limit)
