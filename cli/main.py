"""The command `faceid-gateway`. Exit codes: 0 done, 1 failed, 2 wrong usage."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError
from redis.exceptions import RedisError

from adapters.database import DATABASE_AWAY
from adapters.logs import configure_logs
from adapters.schema import migrate as migrate_database
from adapters.settings import Settings, load_settings, strange_names
from adapters.troubles import database_trouble, redis_trouble
from cli import dead_letters, policies, tokens
from cli.claims import refuse_foreign_servers
from cli.curve import CurveNotWritten
from cli.dead_letters import LetterStays
from cli.demo import run_demo
from cli.dev import run_dev
from cli.doctor import run_doctor
from cli.explain import NothingToExplain, explain_command
from cli.processes import StartFailed
from cli.reconcile import reconcile_command
from cli.servers import ServerMissing
from cli.stack import StackOptions
from cli.terminal import create_console
from cli.workers import workers_command
from domain.errors import PolicyFileError, SettingsError

DataDir = Annotated[Path, typer.Option(help="Where the data stands; it survives a restart")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]
VendorUrl = Annotated[str | None, typer.Option(help="A real vendor; then no simulator starts")]
ForeignServers = Annotated[
    bool,
    typer.Option(
        "--foreign-servers",
        help="Write to the servers (and the spool) that FACEID_… names, in place of bundled ones",
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on")]
IngressPort = Annotated[
    int, typer.Option(min=1, max=65535, help="443, 5000, 8028, 8883 and 16003 are the vendor's")
]

KNOWN_FAILURES = (
    SettingsError,
    PolicyFileError,
    StartFailed,
    ServerMissing,
    NothingToExplain,
    CurveNotWritten,
    LetterStays,
    tokens.TokenExists,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Takes Megvii FaceID callbacks in, proves them genuine, decides, explains.",
)
serve = typer.Typer(no_args_is_help=True, help="Serve one HTTP role, configured by the environment.")
app.add_typer(serve, name="serve")
app.add_typer(policies.commands, name="policy")
app.add_typer(tokens.commands, name="token")
app.add_typer(dead_letters.commands, name="dead-letters")
app.command("explain")(explain_command)
app.command("workers")(workers_command)
app.command("reconcile")(reconcile_command)
console = create_console()
log = structlog.get_logger(__name__)


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
    if not foreign_servers:
        refuse_foreign_servers()
    options = StackOptions(data_dir, ingress_port, api_port, simulator_port, vendor_url)
    asyncio.run(run_dev(options, console))


@app.command()
def demo(foreign_servers: ForeignServers = False) -> None:
    """Run one verification of every scenario and show what came of it."""
    if not foreign_servers:
        refuse_foreign_servers()
    if not asyncio.run(run_demo(console)):
        raise typer.Exit(1)


@serve.command()
def ingress(host: Host = "127.0.0.1", port: IngressPort = 8028) -> None:
    """The public listener: callbacks and nothing else."""
    from service.ingress.main import run  # noqa: PLC0415 - each role imports what it needs

    run(_start(), host=host, port=port)


@serve.command()
def api(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """The internal listener: lookups and dead letters."""
    from service.api.main import run  # noqa: PLC0415 - as above

    run(_start(), host=host, port=port)


@app.command()
def worker() -> None:
    """Process callbacks."""
    from workers.main import run  # noqa: PLC0415 - as above

    run(_start())


@app.command()
def simulator() -> None:
    """Play the vendor, with its real limits; settings in FACEID_SIMULATOR_…."""
    from simulator.main import run  # noqa: PLC0415 - as above
    from simulator.settings import SimulatorSettings  # noqa: PLC0415 - as above

    try:
        settings = SimulatorSettings()
    except ValidationError as error:
        names = sorted({f"FACEID_SIMULATOR_{problem['loc'][0]}".upper() for problem in error.errors()})
        raise SettingsError(f"missing or wrong: {', '.join(names)}") from None
    run(settings)


@app.command()
def migrate() -> None:
    """Bring the database schema to the newest revision."""
    revision = asyncio.run(migrate_database(load_settings().database_url, say=_say))
    console.print(f"The database is at revision {revision}.")


@app.command()
def doctor() -> None:
    """Check the configuration as production would use it, a line per check."""
    if not asyncio.run(run_doctor(load_settings(), console)):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; a known failure is one line on stderr."""
    try:
        app()
    except KNOWN_FAILURES as error:
        # A line for each wrong setting.
        sys.stderr.writelines(f"faceid-gateway: {line}\n" for line in str(error).split("\n"))
    except OSError as error:
        sys.stderr.write(f"faceid-gateway: {_in_words(error)}\n")
    except DATABASE_AWAY as error:
        sys.stderr.write(f"faceid-gateway: FACEID_DATABASE_URL: {database_trouble(error)}\n")
    except RedisError as error:
        sys.stderr.write(f"faceid-gateway: FACEID_REDIS_URL: {redis_trouble(error)}\n")
    else:
        return
    sys.exit(1)


def _in_words(error: OSError) -> str:
    """A file that is at fault has a name; a connection has none, and commands connect to the database."""
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return f"FACEID_DATABASE_URL: {database_trouble(error)}"


def _start() -> Settings:
    settings = load_settings()
    configure_logs(settings.log_level)
    for name in strange_names():
        log.warning("setting.unknown", setting=name)
    return settings


def _say(line: str) -> None:
    sys.stderr.write(f"faceid-gateway: {line}\n")
