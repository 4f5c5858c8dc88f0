"""The command `faceid-gateway`. Exit codes: 0 done, 1 failed, 2 wrong usage."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from cli.failures import OUR_LINES, words_of
from cli.late import Late, LateGroup

if TYPE_CHECKING:
    from adapters.settings import Settings

DataDir = Annotated[Path, typer.Option(help="Folder of the data, kept across restarts")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]
VendorUrl = Annotated[str | None, typer.Option(help="URL of a real vendor, used instead of the simulator")]
ForeignServers = Annotated[
    bool,
    typer.Option(
        "--foreign-servers",
        help="Use the servers (and the spool) that FACEID_… names instead of the bundled ones",
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on")]
IngressPort = Annotated[
    int, typer.Option(min=1, max=65535, help="The vendor calls 443, 5000, 8028, 8883 or 16003")
]


class _Commands(LateGroup):
    late: ClassVar = {
        "policy": Late("cli.policy.commands", "commands", "Check, try and compare decision policies."),
        "token": Late("cli.commands.tokens", "commands", "Create, list or revoke the api's bearer tokens."),
        "dead-letters": Late(
            "cli.commands.dead_letters", "commands", "List, retry or delete callbacks that failed."
        ),
        "explain": Late(
            "cli.commands.explain", "explain_command", "Explain why a verification was decided as it was."
        ),
        "workers": Late("cli.commands.workers", "workers_command", "List the live processes of the gateway."),
        "reference": Late(
            "cli.reference.command",
            "reference_command",
            "Print settings, error codes, log events, metrics and api requests as Markdown.",
        ),
        "reconcile": Late("cli.commands.reconcile", "reconcile_command", "Pull overdue results now."),
    }


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Accept Megvii FaceID callbacks, check their signatures, decide and explain.",
)
serve = typer.Typer(no_args_is_help=True, help="Serve one HTTP role, configured by FACEID_… variables.")
app.add_typer(serve, name="serve")


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


@app.command()
def dev(
    data_dir: DataDir = Path(".faceid"),
    ingress_port: Port = 8028,
    api_port: Port = 8080,
    simulator_port: Port = 8090,
    vendor_url: VendorUrl = None,
    foreign_servers: ForeignServers = False,
) -> None:
    """Run the whole gateway on this machine, with PostgreSQL, Valkey and a vendor simulator."""
    from cli.commands.dev import run_dev  # noqa: PLC0415 - as above
    from cli.devstack.claims import refuse_foreign_servers  # noqa: PLC0415 - as above
    from cli.devstack.stack import StackOptions  # noqa: PLC0415 - as above
    from cli.terminal import create_console  # noqa: PLC0415 - as above

    if not foreign_servers:
        refuse_foreign_servers()
    options = StackOptions(data_dir, ingress_port, api_port, simulator_port, vendor_url)
    asyncio.run(run_dev(options, create_console()))


@app.command()
def demo(foreign_servers: ForeignServers = False) -> None:
    """Run one verification of every scenario and show the outcomes."""
    from cli.commands.demo import run_demo  # noqa: PLC0415 - as above
    from cli.devstack.claims import refuse_foreign_servers  # noqa: PLC0415 - as above
    from cli.terminal import create_console  # noqa: PLC0415 - as above

    if not foreign_servers:
        refuse_foreign_servers()
    if not asyncio.run(run_demo(create_console())):
        raise typer.Exit(1)


@serve.command()
def ingress(host: Host = "127.0.0.1", port: IngressPort = 8028) -> None:
    """Serve the public listener, which accepts callbacks and nothing else."""
    from service.ingress.main import run  # noqa: PLC0415 - as above

    run(_start(database=False), host=host, port=port)


@serve.command()
def api(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Serve the internal api: orders, lookups, explanations, policies, dead letters."""
    from service.api.main import run  # noqa: PLC0415 - as above

    run(_start(), host=host, port=port)


@app.command()
def worker() -> None:
    """Process callbacks and decide verifications."""
    from workers.main import run  # noqa: PLC0415 - as above

    run(_start())


@app.command()
def simulator() -> None:
    """Simulate the vendor and its limits, configured by FACEID_SIMULATOR_… variables."""
    from cli.simulating import simulator_settings  # noqa: PLC0415 - as above
    from simulator.main import run as run_simulator  # noqa: PLC0415 - as above

    run_simulator(simulator_settings())


@app.command()
def migrate() -> None:
    """Upgrade the database schema to the newest revision."""
    from adapters.postgres.schema import migrate as migrate_database  # noqa: PLC0415 - as above
    from adapters.settings import load_settings  # noqa: PLC0415 - as above

    revision = asyncio.run(migrate_database(load_settings().database_url, say=_say))
    typer.echo(f"The database is at revision {revision}.")


@app.command()
def doctor() -> None:
    """Check whether this configuration is ready for production, one line per check."""
    from adapters.settings import load_settings  # noqa: PLC0415 - as above
    from cli.doctor.doctor import run_doctor  # noqa: PLC0415 - as above
    from cli.terminal import create_console  # noqa: PLC0415 - as above

    if not asyncio.run(run_doctor(load_settings(), create_console())):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; a known failure is one line on stderr."""
    try:
        app()
    except Exception as error:
        lines = words_of(error)
        if lines is None:
            raise
        for line in lines:
            _say(line)
        sys.exit(1)


def _start(*, database: bool = True) -> "Settings":
    import structlog  # noqa: PLC0415 - as above

    from adapters.logs.logs import configure_logs  # noqa: PLC0415 - as above
    from adapters.processes.first_look import look_at_servers  # noqa: PLC0415 - as above
    from adapters.settings import (  # noqa: PLC0415 - as above
        IngressSettings,
        Settings,
        load_settings,
        strange_names,
    )

    settings = load_settings(Settings if database else IngressSettings)
    configure_logs(settings.log_level)
    for name in strange_names():
        structlog.get_logger(__name__).warning("setting.unknown", setting=name)
    asyncio.run(look_at_servers(settings, database=database))
    return settings


def _say(line: str) -> None:
    sys.stderr.write(f"{OUR_LINES}{line}\n")
