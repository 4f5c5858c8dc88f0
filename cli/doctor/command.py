"""`doctor`: check the configuration."""

import asyncio

import typer

from adapters.settings.settings import load_settings, servers_given
from cli.connection.whereabouts import DEV_FOLDER
from cli.doctor.doctor import run_doctor
from cli.output.terminal import create_console
from domain.errors import SettingsError


def doctor_command() -> None:
    """Check whether this configuration is ready for production, one line per check."""
    if not servers_given() and (DEV_FOLDER / "dev.json").exists():
        raise SettingsError("no server is configured; `doctor` checks production's settings, not a `dev`")
    if not asyncio.run(run_doctor(load_settings(), create_console())):
        raise typer.Exit(1)
