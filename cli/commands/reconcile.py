"""`reconcile`: show what the reconciler would do about missing callbacks, or have it done now."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, assert_never

import typer
from rich.markup import escape
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.options import AppOption
from cli.output.terminal import create_console
from domain.pulls.budget import PULL_LIMIT, Wait, sent_calls
from domain.pulls.reconciliation import Expire, Look, ReconcileRules, next_look
from domain.views.verifications import OpenVerification
from usecases.requests.reconcile_now import reconcile_now


def reconcile_command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the open verifications and change nothing")
    ] = False,
    app: AppOption = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="At most N verifications, earliest due first")
    ] = 200,
    data_dir: DataDirOption = None,
) -> None:
    """Have the workers pull the results of registered verifications whose callback is overdue."""
    app_ids = None if app is None else [app]
    servers = find_servers(data_dir)
    if dry_run:
        page, count = run_on(lambda gateway: _read(gateway, app_ids, limit), servers)
        _show(page, count, servers.reconcile_rules)
    else:
        count = run_on(lambda gateway: _hand_over(gateway, app_ids, limit), servers)
        typer.echo(f"{count} handed to the workers")


async def _read(
    gateway: Gateway, app_ids: Sequence[str] | None, limit: int
) -> tuple[list[OpenVerification], int]:
    waiting = gateway.open_verifications()
    return await waiting.page(app_ids, limit=limit), await waiting.count(app_ids)


def _show(page: list[OpenVerification], count: int, rules: ReconcileRules) -> None:
    if not page:
        typer.echo("No registered verification waits for its callback.")
        return
    create_console().print(_table(page, rules=rules, now=datetime.now(UTC)))
    if count > len(page):
        typer.echo(f"… and {count - len(page)} more")


async def _hand_over(gateway: Gateway, app_ids: Sequence[str] | None, limit: int) -> int:
    return await reconcile_now(
        gateway.open_verifications(),
        gateway.looks(),
        gateway.audit().log,
        app_ids,
        now=datetime.now(UTC),
        limit=limit,
        actor=command_actor(),
    )


def _table(page: Sequence[OpenVerification], *, rules: ReconcileRules, now: datetime) -> Table:
    table = Table(header_style="bold")
    table.add_column("app", overflow="fold")
    for name in ("biz_id", "registered", "token ends", "calls", "next look"):
        table.add_column(name, no_wrap=True)
    for each in page:
        table.add_row(
            each.app_id,
            escape(each.biz_id),
            _minute(each.registration.registered_at),
            _minute(each.registration.expires_at),
            f"{len(sent_calls(each.ledger))} of {PULL_LIMIT}",
            _next_step(each, rules=rules, now=now),
        )
    return table


def _next_step(each: OpenVerification, *, rules: ReconcileRules, now: datetime) -> str:
    match next_look(each.registration, each.ledger, now=now, rules=rules):
        case Look():
            return "now"
        case Wait(until):
            return _minute(until)
        case Expire():
            return "give up"
        case step:
            assert_never(step)


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%m-%d %H:%M}Z"
