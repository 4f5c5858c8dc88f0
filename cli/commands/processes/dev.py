"""`dev`: run the whole gateway on this machine until Ctrl-C."""

import asyncio
import shlex
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.commands.processes.roles import Port
from cli.connection.whereabouts import DEV_FOLDER
from cli.output.terminal import create_console
from devstack.day.fill import fill
from devstack.day.plan import MOST
from devstack.environment import ALLOWED_RECEIVERS
from devstack.preflight import refuse_foreign_servers
from devstack.stack import USER, Stack, StackOptions, running_stack
from domain.errors import ServerAway

DataDir = Annotated[Path, typer.Option(help="Folder of the data, kept across restarts")]
VendorUrl = Annotated[str | None, typer.Option(help="URL of a real vendor, used instead of the simulator")]
Fill = Annotated[
    int,
    typer.Option(
        min=0,
        max=MOST,
        help="Run this many verifications, with reviews, dead letters and webhooks, so that the console "
        "has something to show",
    ),
]
ForeignServers = Annotated[
    bool,
    typer.Option(
        "--foreign-servers",
        help="Use the servers (and the spool) that FACEID_… names instead of the bundled ones",
    ),
]


def dev_command(  # noqa: PLR0913, PLR0917 - a parameter is an option
    data_dir: DataDir = DEV_FOLDER,
    ingress_port: Port = 8028,
    api_port: Port = 8080,
    console_port: Port = 8081,
    simulator_port: Port = 8090,
    vendor_url: VendorUrl = None,
    fill: Fill = 0,
    foreign_servers: ForeignServers = False,
) -> None:
    """Run the whole gateway on this machine, with PostgreSQL, Valkey and a vendor simulator."""
    if fill and (vendor_url or foreign_servers):
        raise typer.BadParameter("--fill needs the simulator and the bundled servers")
    if not foreign_servers:
        refuse_foreign_servers()
    options = StackOptions(
        data_dir, ingress_port, api_port, simulator_port, vendor_url, console_port=console_port
    )
    asyncio.run(run_dev(options, create_console(), fill_with=fill))


async def run_dev(options: StackOptions, console: Console, *, fill_with: int = 0) -> None:
    """Start everything, print the addresses, keep it running, stop it on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)

    def starting() -> None:
        console.print("Starting PostgreSQL, Valkey, ingress, api, console, worker and simulator …")

    async with running_stack(options, starting=starting) as stack:
        console.print(addresses(stack))
        if stack.console_login_url:
            console.print(f"Sign in to the console, once: {stack.console_login_url}", soft_wrap=True)
            console.print(f"Another link: {invitation(options.data_dir)}", soft_wrap=True)
        console.print(f"Webhooks may go to this machine too ({ALLOWED_RECEIVERS}).")
        console.print(f"Everything answers. Details: {stack.data_dir / 'dev.json'}. Press Ctrl-C to stop.")
        filling = asyncio.create_task(_fill(stack, fill_with, console)) if fill_with else None
        await stop.wait()
        if filling is not None:
            filling.cancel()
            await asyncio.wait([filling])
        console.print("Stopping …")


def invitation(data_dir: Path) -> str:
    """The command that prints another link to the console of the `dev` on this folder."""
    folder = "" if data_dir == DEV_FOLDER else f" --data-dir {shlex.quote(str(data_dir))}"
    return f"faceid-gateway people invite {USER}{folder}"


async def _fill(stack: Stack, count: int, console: Console) -> None:
    """Fill the console while it can already be watched; a failure is only reported."""
    started = time.monotonic()
    console.print(f"Running {count} verifications, and what people do with them …")
    try:
        await fill(stack.description, count, now=datetime.now(UTC))
    except* (httpx2.HTTPError, TimeoutError, ServerAway) as errors:
        console.print(f"[bold red]Not all of it was done:[/] {escape(str(errors.exceptions[0]))}")
    else:
        console.print(f"Done in {time.monotonic() - started:.0f} s; the console shows them.")


def addresses(stack: Stack) -> Table:
    """A table with the address and the pid of each part."""
    table = Table(show_header=True, header_style="bold")
    table.add_column("what")
    table.add_column("where")
    table.add_column("pid", justify="right")
    pids = stack.keeper.pids
    rows = (
        ("ingress", f"{stack.ingress_url}/callbacks/demo/notify"),
        ("api", f"{stack.api_url}/docs"),
        ("console", stack.console_url),
        ("simulator", stack.simulator_url),
        ("worker", str(stack.data_dir / "logs" / "worker.log")),
        ("valkey", stack.redis_url if "valkey" in pids else "see FACEID_REDIS_URL"),
        ("postgres", stack.database_url if "postgres" in pids else "see FACEID_DATABASE_URL"),
    )
    for name, where in rows:
        if where:
            table.add_row(name, where, str(pids.get(name, "")))
    return table
