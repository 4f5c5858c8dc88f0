"""`dev`: run the whole gateway on this machine until Ctrl-C."""

import asyncio
import signal

from rich.console import Console
from rich.table import Table

from cli.devstack.stack import Stack, StackOptions, running_stack


async def run_dev(options: StackOptions, console: Console) -> None:
    """Start everything, print the addresses, keep it running, stop it on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)

    def starting() -> None:
        console.print("Starting PostgreSQL, Valkey, ingress, api, worker and simulator …")

    async with running_stack(options, starting=starting) as stack:
        console.print(addresses(stack))
        console.print(f"Everything answers. Details: {stack.data_dir / 'dev.json'}. Press Ctrl-C to stop.")
        await stop.wait()
        console.print("Stopping …")


def addresses(stack: Stack) -> Table:
    """A table with the address and the pid of each part."""
    table = Table(show_header=True, header_style="bold")
    table.add_column("what")
    table.add_column("where")
    table.add_column("pid", justify="right")
    pids = stack.supervisor.pids
    rows = (
        ("ingress", f"{stack.ingress_url}/callbacks/demo/notify"),
        ("api", f"{stack.api_url}/docs"),
        ("simulator", stack.simulator_url),
        ("worker", str(stack.data_dir / "logs" / "worker.log")),
        ("valkey", stack.redis_url if "valkey" in pids else "see FACEID_REDIS_URL"),
        ("postgres", stack.database_url if "postgres" in pids else "see FACEID_DATABASE_URL"),
    )
    for name, where in rows:
        if where:
            table.add_row(name, where, str(pids.get(name, "")))
    return table
