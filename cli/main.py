"""The command `faceid-gateway`. Exit codes: 0 done, 1 failed, 2 wrong usage."""

import sys
from typing import Annotated, ClassVar

import typer

from cli.late import Late, LateGroup
from cli.output.failures import say, words_of


class _Commands(LateGroup):
    late: ClassVar = {
        "dev": Late(
            "cli.commands.processes.dev",
            "dev_command",
            "Run the whole gateway on this machine, with PostgreSQL, Valkey and a vendor simulator.",
        ),
        "demo": Late(
            "cli.commands.processes.demo",
            "demo_command",
            "Run one verification of every scenario and show the outcomes.",
        ),
        "worker": Late(
            "cli.commands.processes.roles", "worker_command", "Process callbacks and decide verifications."
        ),
        "simulator": Late(
            "cli.commands.processes.simulator",
            "simulator_command",
            "Simulate the vendor and its limits, configured by FACEID_SIMULATOR_… variables.",
        ),
        "migrate": Late(
            "cli.commands.migrate",
            "migrate_command",
            "Upgrade the database schema to the newest revision.",
        ),
        "doctor": Late(
            "cli.doctor.command",
            "doctor_command",
            "Check whether this configuration is ready for production, one line per check.",
        ),
        "serve": Late(
            "cli.commands.processes.roles", "serve", "Serve one HTTP role, configured by FACEID_… variables."
        ),
        "policy": Late("cli.policy.commands", "commands", "Check, try and compare decision policies."),
        "token": Late("cli.commands.tokens", "commands", "Create, list or revoke the api's bearer tokens."),
        "people": Late(
            "cli.commands.people", "commands", "Add persons, give them roles, make links and tokens."
        ),
        "dead-letters": Late(
            "cli.commands.dead_letters", "commands", "List, retry or delete callbacks that failed."
        ),
        "endpoints": Late(
            "cli.commands.webhooks.endpoints", "commands", "Create, list, change or delete webhook endpoints."
        ),
        "audit": Late(
            "cli.audit.command", "commands", "Verify or export the audit: who did what in this gateway."
        ),
        "deliveries": Late(
            "cli.commands.webhooks.deliveries", "commands", "List deliveries of webhooks, or send them again."
        ),
        "events": Late(
            "cli.commands.webhooks.events", "commands", "Print what happened, from the event log."
        ),
        "explain": Late(
            "cli.commands.explain", "explain_command", "Explain why a verification was decided as it was."
        ),
        "keys": Late("cli.commands.keys", "commands", "List epoch keys, or wrap stored keys again."),
        "erase": Late(
            "cli.commands.identity.erase", "erase_command", "Erase the identity of a verification, for good."
        ),
        "erasures": Late(
            "cli.commands.identity.erasures", "commands", "Apply the erasure ledger to a restored backup."
        ),
        "compliance": Late(
            "cli.compliance.command", "commands", "Report what is stored, for the data-protection officer."
        ),
        "retention": Late(
            "cli.commands.identity.retention", "commands", "Erase what has been kept long enough."
        ),
        "hold": Late("cli.commands.identity.holds", "commands", "Place or lift legal holds."),
        "workers": Late(
            "cli.commands.processes.workers", "workers_command", "List the live processes of the gateway."
        ),
        "reference": Late(
            "cli.reference.command",
            "reference_command",
            "Print settings, error codes, log events, metrics and api requests as Markdown.",
        ),
        "listen": Late(
            "cli.commands.webhooks.listen",
            "listen_command",
            "Forward events to a program on this machine, signed as webhooks.",
        ),
        "reconcile": Late("cli.commands.reconcile", "reconcile_command", "Pull overdue results now."),
    }


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Accept Megvii FaceID callbacks, check their signatures, decide and explain.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - each command imports what it needs

        typer.echo(f"faceid-gateway {version('faceid-gateway')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run the command line; a known failure is one line on stderr."""
    try:
        app()
    except Exception as error:
        lines = words_of(error)
        if lines is None:
            raise
        for line in lines:
            say(line)
        sys.exit(1)
