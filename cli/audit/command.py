"""`audit`: verify and export the record of who did what."""

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from cli.audit import verify_audit
from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from domain.audit.action import Action
from domain.audit.row import AuditRow
from usecases.audit.close_blocks import close_blocks

_AT_ONCE = 5000

commands = typer.Typer(no_args_is_help=True, help="Verify or export the audit: who did what in this gateway.")


class AuditChanged(CommandFailed):
    """The audit is not what the gateway wrote."""


@commands.command()
def verify(
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            "--anchors", exists=True, dir_okay=False, help="File with hashes kept outside; repeatable"
        ),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Check that no row of the audit was changed, removed, inserted or moved."""
    known = [anchor for path in anchors or () for anchor in _anchors_in(path)]

    async def check(gateway: Gateway) -> tuple[bool, list[str]]:
        verifier = verify_audit.Verifier()
        async for line in gateway.audit().export.lines():
            verifier.read_line(line)
        anchored = verifier.end(known)
        return not verifier.problems, list(verify_audit.report(verifier, anchored))

    good, lines = run_on(check, find_servers(data_dir), silent=True)
    for line in lines:
        typer.echo(line)
    if not good:
        raise AuditChanged("the audit was changed: docs/operations.md says what to do")


@commands.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write, or - for standard output")],
    data_dir: DataDirOption = None,
) -> None:
    """Write everything that a verifier needs, one JSON object per line."""

    async def write(gateway: Gateway) -> None:
        audit = gateway.audit()
        await audit.log.note(AuditRow.by(command_actor(), Action.AUDIT_EXPORTED))
        with _opened(file) as out:
            async for line in audit.export.lines():
                out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    run_on(write, find_servers(data_dir), silent=True)


@commands.command()
def prove(
    audit_id: Annotated[int, typer.Argument(help="The row's number, `id` in lists and exports")],
    until: Annotated[
        int | None, typer.Option(help="Height of an anchored block; without it, the row's own block")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print a proof of one row, for someone who gets no other.

    It is checked by python verify_audit.py --proof PROOF ANCHORS.
    """

    async def prove_it(gateway: Gateway) -> dict[str, Any] | None:
        audit = gateway.audit()
        await audit.log.note(AuditRow.by(command_actor(), Action.AUDIT_EXPORTED, detail={"id": audit_id}))
        return await audit.export.proof(audit_id, until=until)

    proof = run_on(prove_it, find_servers(data_dir), silent=True)
    if proof is None:
        raise CommandFailed(f"row {audit_id} is in no block yet, was purged, or never was")
    typer.echo(json.dumps(proof, ensure_ascii=False))


@commands.command()
def close(
    everything: Annotated[
        bool,
        typer.Option("--all", help="Look at every row: once after a restore into another server"),
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Close blocks over the rows that are in none yet. Workers do this every minute."""
    count = run_on(
        lambda gateway: close_blocks(
            gateway.audit().blocks, checkpoint=False, most=math.inf, look_at_all=everything
        ),
        find_servers(data_dir),
        silent=True,
    )
    typer.echo(f"{count} closed")


@commands.command()
def purge(
    days: Annotated[int, typer.Option(min=1, help="Delete rows that are older than N days")],
    data_dir: DataDirOption = None,
) -> None:
    """Delete old rows; their hashes stay, so the rest still verifies. Only the tables' owner may do this."""
    before = datetime.now(UTC) - timedelta(days=days)

    async def delete(gateway: Gateway) -> int:
        audit, count = gateway.audit(), 0
        while batch := await audit.export.purge(before=before, limit=_AT_ONCE):
            count += batch
        detail = {"days": days, "count": count}
        await audit.log.note(AuditRow.by(command_actor(), Action.AUDIT_PURGED, detail=detail))
        return count

    typer.echo(f"{run_on(delete, find_servers(data_dir), silent=True)} deleted")


@commands.command()
def verifier() -> None:
    """Print the verifier, one file that needs Python alone: audit verifier > verify_audit.py."""
    typer.echo(Path(verify_audit.__file__).read_text("utf-8"), nl=False)


def _anchors_in(path: Path) -> list[tuple[int, str]]:
    try:
        return list(verify_audit.anchors_in(path.read_bytes().splitlines()))
    except (ValueError, AttributeError):
        raise typer.BadParameter(f"{path} is no file of anchors", param_hint="--anchors") from None


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdout.buffer
        return
    with file.open("xb") as out:
        yield out
