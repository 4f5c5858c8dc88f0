"""`policy`: check a policy file, try it on stored decisions, show how many reach each threshold."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.policies.folder import read_policy_file
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.options import AppOption, SinceOption
from cli.output.terminal import create_console
from cli.policy.backtest import describe, line_of, run_backtest
from cli.policy.curve import read_curve, table_of, write_csv, write_picture
from cli.policy.docs import generated_docs
from domain.policy.succession import END_MARK, is_marked

PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The policy, a TOML file")]
Picture = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Draw it to this file (needs the extra `plot`)")
]

commands = typer.Typer(no_args_is_help=True, help="Check, try and compare decision policies.")


@commands.command()
def check(file: PolicyFile) -> None:
    """Check whether a policy file is valid, and print its name, version and hash."""
    policy = read_policy_file(file)
    typer.echo(f"ok: {policy.name} {policy.version}, SHA-256 {policy.content_hash}")
    if not is_marked(policy.text):
        typer.echo(
            f"{file}: add `{END_MARK}` as the last line, so that a truncated file is noticed", err=True
        )


@commands.command()
def backtest(
    file: PolicyFile,
    app: AppOption = None,
    since: SinceOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the newest N decisions")] = None,
    first: Annotated[int, typer.Option(min=0, help="Number of changed verifications to list")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="List every change, one line each")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Decide stored verifications again with a policy file and compare; changes nothing."""
    policy = read_policy_file(file)
    comparison = run_on(
        lambda gateway: run_backtest(
            gateway,
            policy,
            app=app,
            since=since,
            limit=limit,
            keep=0 if everything else first,
            report=(lambda change: typer.echo(line_of(change))) if everything else None,
        ),
        find_servers(data_dir),
    )
    create_console().print(describe(policy, comparison, listed=everything))


@commands.command()
def curve(
    app: AppOption = None,
    since: SinceOption = None,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the figures to this file")] = None,
    svg: Picture = None,
    png: Picture = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the share of stored verifications that reaches each false-accept level."""
    points = run_on(lambda gateway: read_curve(gateway, app=app, since=since), find_servers(data_dir))
    if not points:
        typer.echo("No stored verification has a comparison.")
        return
    create_console().print(table_of(points))
    if csv:
        write_csv(points, csv)
    for file, form in ((svg, "svg"), (png, "png")):
        if file:
            write_picture(points, file, form=form)


@commands.command(hidden=True)
def docs() -> None:
    """Print the generated part of docs/policy.md."""
    typer.echo(generated_docs(), nl=False)
