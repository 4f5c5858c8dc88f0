"""`migrate`: upgrade the database schema."""

import asyncio

import typer

from adapters.postgres.schema import migrate
from adapters.settings.settings import load_settings
from cli.output.failures import say


def migrate_command() -> None:
    """Upgrade the database schema to the newest revision."""
    revision = asyncio.run(migrate(load_settings().database_url, say=say))
    typer.echo(f"The database is at revision {revision}.")
