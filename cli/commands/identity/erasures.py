"""`erasures`: apply the ledger to a restored database, and check receipts."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway, connected
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers, servers_at_rest
from cli.output.failures import CommandFailed
from domain.identity.erasure import Receipt

commands = typer.Typer(no_args_is_help=True, help="Apply the erasure ledger, or check receipts.")


@commands.command()
def apply(data_dir: DataDirOption = None) -> None:
    """Erase again what the ledger has and this database lacks. Needed after a backup was restored.

    Can be ended and run again at any time. If the `dev` of a folder does not run, its own servers are started
    for as long as the command runs.
    """
    done = asyncio.run(_apply(data_dir))
    typer.echo(f"{done} erasure(s) applied" if done else "nothing to apply: the database has every erasure")


async def _apply(data_dir: Path | None) -> int:
    async with servers_at_rest(data_dir) as servers, connected(servers) as gateway:
        return await gateway.identity.apply_erasures(actor=command_actor())


@commands.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="A file with a receipt, as `erase` prints it")],
    data_dir: DataDirOption = None,
) -> None:
    """Check the signature of a receipt."""
    try:
        read = msgspec.json.decode(receipt.read_bytes(), type=Receipt)
    except msgspec.DecodeError:
        raise CommandFailed(f"{receipt}: this is no receipt") from None

    async def check(gateway: Gateway) -> bool:
        return gateway.identity.is_genuine(read)

    if not run_on(check, find_servers(data_dir)):
        raise CommandFailed(f"{receipt}: no configured master key has signed this")
    typer.echo("genuine")
