"""`doctor`: check the configuration."""

import asyncio

import typer

from adapters.settings.settings import load_settings
from cli.doctor.doctor import run_doctor
from cli.output.terminal import create_console


def doctor_command() -> None:
    """Check whether this configuration is ready for production, one line per check."""
    if not asyncio.run(run_doctor(load_settings(), create_console())):
        raise typer.Exit(1)
