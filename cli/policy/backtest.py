"""`policy backtest`: compare what a candidate would have decided with what was decided."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.connection.connected import Gateway
from cli.options import select
from domain.policy.backtest import Backtest, Change, Comparison
from domain.policy.file.policy import Policy

_UNCOUNTED: Final = (
    "[yellow]{} of them have no stored count of their ID number, which the candidate limits, so its"
    " velocity.missing decides there. As a shadow, it is decided on real counts.[/]"
)


async def run_backtest(
    gateway: Gateway,
    policy: Policy,
    *,
    app: str | None,
    since: datetime | None,
    limit: int | None,
    keep: int,
    report: Callable[[Change], None] | None,
) -> Comparison:
    """Compare the candidate over the newest `limit` decisions.

    The comparison keeps the first `keep` changes. `report` is called with each change; without it, a
    progress bar is shown.
    """
    test = Backtest(policy, keep=keep, report=report)
    stored = gateway.stored_decisions()
    selection = await select(stored, app=app, since=since, limit=limit)
    with _progress(shown=report is None) as progress:
        task = progress.add_task("deciding again", total=await stored.count(selection))
        async for chunk in stored.chunks(selection):
            test.add(chunk)
            progress.advance(task, len(chunk))
    return test.compare()


def line_of(change: Change) -> str:
    """A change as one line of text."""
    reasons = ", ".join(change.reasons) or "–"
    return f"{change.app_id}  {change.biz_id}  {change.before} → {change.after}  {reasons}"


def describe(policy: Policy, comparison: Comparison, *, listed: bool) -> RenderableType:
    """A backtest for the terminal, with the kept changes unless all of them are `listed` already."""
    head = (
        f"[bold]{policy.name} {escape(policy.version)}[/] on {comparison.verifications} stored verifications:"
        f" {comparison.changes} would change"
    )
    if not comparison.verifications:
        return head
    parts: list[RenderableType] = [head, _transitions(comparison), _rates(comparison)]
    if comparison.uncounted:
        parts.append(_UNCOUNTED.format(comparison.uncounted))
    if comparison.changes and not listed:
        parts.append(_changed(comparison))
        if (more := comparison.changes - len(comparison.changed)) > 0:
            parts.append(f"… and {more} more: --all lists them")
    return Group(*parts)


def _progress(*, shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown)


def _transitions(comparison: Comparison) -> Table:
    table = Table("decided → candidate", header_style="bold")
    table.add_column("verifications", justify="right")
    for each in comparison.transitions:
        changes = each.before is not each.after
        name = f"{each.before} → {each.after}"
        table.add_row(f"[bold]{name}[/]" if changes else name, str(each.verifications))
    return table


def _rates(comparison: Comparison) -> Table:
    table = Table("outcome", header_style="bold")
    for name in ("before", "after", "difference"):
        table.add_column(name, justify="right")
    for outcome, before in comparison.before.items():
        after = comparison.after[outcome]
        table.add_row(outcome, f"{before:.2%}", f"{after:.2%}", f"{after - before:+.2%}")
    return table


def _changed(comparison: Comparison) -> Table:
    table = Table(header_style="bold")
    for name in ("app", "biz_id", "decided → candidate", "reasons"):
        table.add_column(name, overflow="fold")
    for change in comparison.changed:
        reasons = ", ".join(change.reasons)
        table.add_row(change.app_id, change.biz_id, f"{change.before} → {change.after}", reasons or "–")
    return table
