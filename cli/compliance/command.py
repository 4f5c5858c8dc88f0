"""`compliance`: the report for a data-protection officer."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import msgspec
import typer

from adapters.logs.logs import silent_logs
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.settings.settings import load_settings
from adapters.store.people.access_counts import count_access
from cli.compliance.markdown import as_markdown
from cli.compliance.report import build_report
from domain.views.operations.compliance import AccessCounts

commands = typer.Typer(no_args_is_help=True, help="Reports for the data-protection officer.")


class Form(StrEnum):
    """How the report is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


@commands.callback()
def _only_commands() -> None:
    """Keep `report` a command of its own."""


@commands.command()
def report(
    form: Annotated[Form, typer.Option("--format", help="Markdown or JSON")] = Form.MARKDOWN,
) -> None:
    """Print what is stored, how it is sealed, how long it is kept and who can see it.

    From the running configuration and database. It names no person, and makes no legal claim.
    """
    silent_logs()
    settings = load_settings()
    access = asyncio.run(_access(settings.database_url))
    built = build_report(settings, access, at=datetime.now(UTC), version=version("faceid-gateway"))
    if form is Form.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(built), indent=2).decode())
    else:
        typer.echo(as_markdown(built), nl=False)


async def _access(database_url: str) -> AccessCounts | None:
    engine = create_engine(database_url)
    try:
        return await count_access(engine)
    except DatabaseAway:
        return None
    finally:
        await engine.dispose()
