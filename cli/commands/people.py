"""`people`: add persons, give and take roles, make links and personal tokens, disable and enable."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, Servers, find_servers
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console
from domain.people.errors import (
    IdentityTaken,
    LastAdmin,
    NameRefused,
    NameTaken,
    NoSuchPerson,
    OutOfBounds,
    ScopeRefused,
)
from domain.people.person import Person
from domain.people.roles import Grant, Role
from domain.people.tokens import DEFAULT_LIFE, LONGEST_LIFE
from domain.views.tokens import EVERY_SCOPE
from usecases.people.invite import Invited

Answer = TypeVar("Answer")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Login name of the person")]
RoleOption = Annotated[
    list[Role], typer.Option("--role", help="Role in every app, or in the apps of --app; repeatable")
]
AppOption = Annotated[list[str] | None, typer.Option(help="Only in this app; repeatable")]
HoursOption = Annotated[float, typer.Option(min=0.25, max=24, help="Hours for which the link is valid")]

_PAGE = 500

commands = typer.Typer(no_args_is_help=True, help="Add persons, give them roles, make links and tokens.")


class NotDone(CommandFailed):
    """Nothing was changed; the message says why."""


@commands.command()
def add(
    name: Name,
    role: RoleOption,
    app: AppOption = None,
    hours: HoursOption = 24,
    data_dir: DataDirOption = None,
) -> None:
    """Add a person with roles, and print a one-time link for the first sign-in."""
    servers = find_servers(data_dir)
    grants, life = _grants(role, app, servers), timedelta(hours=hours)
    made = _run(
        servers, lambda gateway: gateway.invitations().add(name, grants, actor=command_actor(), life=life)
    )
    typer.echo(_address(made, servers))


@commands.command()
def invite(
    name: Name,
    hours: HoursOption = 24,
    without_code: Annotated[
        bool, typer.Option("--without-code", help="Remove the second factor, as for a lost telephone")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Print another one-time link for a person, who sets a new password. Earlier links end."""
    servers, life = find_servers(data_dir), timedelta(hours=hours)
    made = _run(
        servers,
        lambda gateway: gateway.invitations().again(
            name, actor=command_actor(), life=life, without_code=without_code
        ),
    )
    typer.echo(_address(made, servers))


@commands.command(name="list")
def list_people(data_dir: DataDirOption = None) -> None:
    """List the persons with their roles."""
    found = _run(find_servers(data_dir), _all)
    if not found:
        typer.echo("There are no persons; `faceid-gateway people add NAME --role admin` adds the first.")
        return
    table = Table("name", "state", "roles", "signs in by", "last sign-in")
    for person in found:
        seen = "never" if person.seen_at is None else person.seen_at.isoformat(timespec="minutes")
        roles = ", ".join(map(str, person.grants))
        table.add_row(person.name, person.state, roles, ", ".join(person.signs_in_by), seen)
    create_console().print(table)


@commands.command()
def role(
    name: Name,
    role: RoleOption,
    app: AppOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the roles away")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Give a person roles, or take them away, from the next request on."""
    servers = find_servers(data_dir)
    grants = _grants(role, app, servers)

    async def change(gateway: Gateway) -> Person:
        desk = gateway.people()
        return await (desk.revoke if remove else desk.grant)(name, grants, actor=command_actor())

    person = _run(servers, change)
    typer.echo(f"{person.name}: {', '.join(map(str, person.grants)) or 'no roles'}")


@commands.command()
def link(
    name: Name,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The claim `sub` of the ID token")],
    issuer: Annotated[str, typer.Option(help="As in oidc_issuer")],
    data_dir: DataDirOption = None,
) -> None:
    """Let a person who was added by hand sign in at the identity provider."""

    async def change(gateway: Gateway) -> None:
        await gateway.people().link(name, issuer=issuer, subject=subject, actor=command_actor())

    _run(find_servers(data_dir), change)


@commands.command()
def disable(name: Name, data_dir: DataDirOption = None) -> None:
    """Disable a person: sessions, links and personal tokens end at once."""
    _run(find_servers(data_dir), lambda gateway: gateway.people().disable(name, actor=command_actor()))


@commands.command()
def enable(name: Name, data_dir: DataDirOption = None) -> None:
    """Enable a disabled person again, with the roles of before."""
    _run(find_servers(data_dir), lambda gateway: gateway.people().enable(name, actor=command_actor()))


@commands.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="Name of the token; one with this name is replaced")] = "cli",
    scope: Annotated[
        list[str] | None, typer.Option(help="Limit the token to this scope of the person; repeatable")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST_LIFE.days, help="Days until it expires")
    ] = DEFAULT_LIFE.days,
    data_dir: DataDirOption = None,
) -> None:
    """Create a personal token with the rights of a person, and print it; it is not shown again."""

    async def make(gateway: Gateway) -> str:
        person = await gateway.people().find(name)
        return await gateway.personal_tokens().create(
            person.id, label, actor=command_actor(), scopes=scope, life=timedelta(days=days)
        )

    typer.echo(_run(find_servers(data_dir), make))


def _grants(roles: list[Role], apps: list[str] | None, servers: Servers) -> list[Grant]:
    known = servers.webhooks.app_ids
    if apps and known is not None and (unknown := sorted(set(apps) - known)):
        raise typer.BadParameter(f"unknown app: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    places: Sequence[str | None] = apps or [None]
    return [Grant(role, app) for role in roles for app in places]


def _address(made: Invited, servers: Servers) -> str:
    return f"{servers.console_url}/login?link={made.link}"


async def _all(gateway: Gateway) -> list[Person]:
    found: list[Person] = []
    while page := await gateway.people().page(limit=_PAGE, after=found[-1].name if found else None):
        found += page
    return found


def _run(servers: Servers, action: Callable[[Gateway], Awaitable[Answer]]) -> Answer:
    try:
        return run_on(action, servers)
    except tuple(_WORDS) as error:
        raise NotDone(_WORDS[type(error)]) from None


_WORDS = {
    NameRefused: "a name has 1 to 64 characters of a-z 0-9 . _ @ + - and begins with a letter or a digit",
    NameTaken: "a person of this name exists already; `people invite` makes another link",
    NoSuchPerson: "there is no active person of this name",
    IdentityTaken: "another person signs in by this identity",
    LastAdmin: "this is the last admin of every app; add another one first",
    OutOfBounds: "a link is valid for 15 minutes to 24 hours, a personal token for at most 366 days",
    ScopeRefused: f"there is no such scope; there are {', '.join(sorted(EVERY_SCOPE))}",
}
