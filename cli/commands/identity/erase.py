"""`erase`: erase the identity of one verification, or show what each place holds of it."""

import sys
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console, printable
from domain.events.times import utc_text
from domain.identity.erasure import LONGEST_REASON, ErasureView, Place, PlaceState, Receipt
from domain.identity.numbers import WrongNumber, normalize
from domain.model import verification_id
from domain.people.actor import Actor
from usecases.identity.erase_person import PersonEnd

BizId = Annotated[str, typer.Argument(help="The verification's biz_id")]
App = Annotated[str, typer.Option("--app", help="The app of the verification")]
_LATER = "what waits in inbox or spool is recorded without identity, once the erasure is done"


def erase_command(
    app: App,
    biz_id: Annotated[str | None, typer.Argument(help="The verification's biz_id")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept in the audit")] = None,
    person: Annotated[
        bool, typer.Option("--person", help="Ask for an ID number, and erase all its verifications")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Erase nothing, list every place")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Erase the identity of a verification, for good, and print the signed receipt as JSON.

    Decision, facts and explanation stay. The same again prints the same receipt, with --person for 30 days.
    """
    if person is (biz_id is not None) or (person and explain):
        raise typer.BadParameter("name one biz_id, or give --person", param_hint="BIZ_ID")
    if explain:
        _show(*run_on(lambda gateway: _explain(gateway, app, biz_id or ""), find_servers(data_dir)))
        return
    why, actor, servers = checked_reason(reason), command_actor(), find_servers(data_dir)
    if person:
        number = _read_number()
        _print_ends(run_on(lambda gateway: _erase_person(gateway, app, number, actor, why), servers))
        return
    receipt: Receipt = run_on(
        lambda gateway: gateway.identity.erasures().erase(app, biz_id or "", actor=actor, reason=why),
        servers,
    )
    typer.echo(msgspec.json.encode(receipt).decode())


def _read_number() -> str:
    """From the terminal without an echo, else a line of standard input: arguments are seen by others.

    Raises BadParameter if it is no ID number.
    """
    is_typed = sys.stdin.isatty()
    number = str(typer.prompt("ID number", hide_input=True, err=True)) if is_typed else sys.stdin.readline()
    try:
        return normalize(number)
    except WrongNumber as error:
        raise typer.BadParameter(f"this is no ID number ({error.code})", param_hint="--person") from None


async def _erase_person(gateway: Gateway, app: str, number: str, actor: Actor, why: str) -> list[PersonEnd]:
    ends: dict[str, PersonEnd] = {}
    more = True
    while more:
        some, more = await gateway.identity.person_erasure().of(app, number, actor=actor, reason=why)
        more = more and any(each.biz_id not in ends for each in some)
        ends |= {each.biz_id: each for each in some}
    return list(ends.values())


def _print_ends(ends: list[PersonEnd]) -> None:
    for each in ends:
        if each.receipt is not None:
            typer.echo(msgspec.json.encode(each.receipt).decode())
    if held := [each.biz_id for each in ends if each.receipt is None]:
        raise CommandFailed(f"a legal hold keeps {', '.join(held)}")
    if not ends:
        typer.echo("nothing has this number, and nothing was erased by it within 30 days", err=True)


async def _explain(gateway: Gateway, app: str, biz_id: str) -> tuple[ErasureView, list[PlaceState]]:
    view, which, waiting = (
        await gateway.identity.erasures().explain(app, biz_id),
        verification_id(app, biz_id),
        gateway.identity.waiting(),
    )
    return view, [
        PlaceState(Place.INBOX, await waiting.in_inbox(which)),
        PlaceState(Place.SPOOL, await waiting.in_spool(which)),
    ]


def checked_reason(reason: str | None) -> str:
    """The reason without blanks around it. Raises BadParameter if it says nothing, or too much."""
    why = (reason or "").strip()
    if not 0 < len(why) <= LONGEST_REASON:
        raise typer.BadParameter(f"give a reason of 1 to {LONGEST_REASON} characters", param_hint="--reason")
    return why


def _show(view: ErasureView, waiting: list[PlaceState]) -> None:
    table = Table(header_style="bold")
    table.add_column("place", no_wrap=True)
    table.add_column("readable", justify="right")
    for each in [*view.places, *waiting]:
        table.add_row(each.place, str(each.count))
    create_console().print(table)
    typer.echo("spool: of this machine")
    if any(each.count for each in waiting):
        typer.echo(_LATER)
    if view.hold is not None:
        by = f"{view.hold.placed_by}: {printable(view.hold.reason)}"
        typer.echo(f"held since {utc_text(view.hold.placed_at)} by {by}")
    if view.begun_at is not None:
        typer.echo(f"an erasure has begun at {utc_text(view.begun_at)}; a worker completes it")
    if view.erased_at is not None:
        typer.echo(f"erased at {utc_text(view.erased_at)}")
