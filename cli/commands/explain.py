"""`explain`: show why a verification was decided as it was."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.options import AppOption
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console
from domain.model import Agreement
from domain.policy.explanation import ConcludedReview, DecidedVerification, Explanation, WordedReason, explain
from domain.policy.facts.facts import Facts

_STANDING: Final = {
    Agreement.AGREE: "callback and result agree",
    Agreement.DISAGREE: "callback and result disagree: the result counts",
    Agreement.UNCONFIRMED: "the callback alone",
    Agreement.RESULT_ONLY: "the result alone, no callback arrived",
}


class NothingToExplain(CommandFailed):
    """There is no such verification, or it has no decision; the message says which."""


def explain_command(
    biz_id: Annotated[str, typer.Argument(help="biz_id of the verification")],
    app: AppOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the api's JSON")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Explain why a verification was decided as it was, and decide it again from the stored facts."""
    decided = run_on(lambda gateway: _find(gateway, biz_id, app), find_servers(data_dir))
    explanation = explain(decided)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(explanation), indent=2))
        return
    create_console().print(describe(explanation))


async def _find(gateway: Gateway, biz_id: str, app: str | None) -> DecidedVerification:
    stored = gateway.stored_decisions()
    found = await stored.known(await stored.app_ids() if app is None else [app], biz_id)
    if not found:
        raise NothingToExplain(f"there is no verification {biz_id}")
    if len(found) > 1:
        raise NothingToExplain(f"several apps have {biz_id}: choose one with --app ({', '.join(found)})")
    decided = await stored.get(*found.values())
    if decided is None:
        raise NothingToExplain(f"{biz_id} is not decided yet")
    return decided


def describe(explanation: Explanation) -> RenderableType:
    """An explanation for the terminal, the most important part first."""
    return Group(*_parts(explanation))


def _parts(it: Explanation) -> Iterator[RenderableType]:
    yield f"[bold]{it.outcome}[/]  {escape(it.biz_id)}  app {it.app_id}, {it.decided_at:%Y-%m-%d %H:%M:%S %Z}"
    if it.review:
        yield _reviewed(it.review)
    yield f"basis: {it.basis}, {_STANDING[it.agreement]}; confirmation {it.confirmation}"
    if it.unconfirmed:
        yield f"no result: {escape(_in_short(it.unconfirmed))}"
    yield f"policy: {it.policy.name} {escape(it.policy.version)}, SHA-256 {it.policy.content_hash}"
    yield _recomputed(it)
    if it.reasons:
        rows = [[r["code"], r["detail"], r["en"], r["zh"]] for r in it.reasons]
        yield _table("Reasons, heaviest first", ["code", "detail", "meaning", "含义"], rows)
    if it.disagreements:
        differing = [[d.fact, _value(d.callback), _value(d.result)] for d in it.disagreements]
        yield _table("Disagreements", ["fact", "callback", "result"], differing)
    runs = [[run.rule, run.verdict, "; ".join(map(_in_short, run.reasons))] for run in it.rules]
    yield _table("Rules that ran", ["rule", "verdict", "found"], runs)
    callback, result = _flat(it.facts.callback), _flat(it.facts.result)
    facts = [[name, callback.get(name, ""), result.get(name, "")] for name in {**callback, **result}]
    yield _table("Facts", ["fact", "callback", "result"], facts)
    if it.policy.text:
        yield Text("\nPolicy text", style="italic")
        yield Text(it.policy.text)


def _recomputed(it: Explanation) -> str:
    if it.recomputed is None:
        return "recomputed: not possible, the policy's text is not available"
    if it.recomputed.same:
        return "recomputed: [green]identical[/]"
    return f"recomputed: [bold red]different[/], {it.recomputed.outcome}"


def _reviewed(review: ConcludedReview) -> str:
    persons = "two persons" if review.by_two else "a person"
    reasons = "; ".join(f"{reason['code']} {reason['en']}" for reason in review.reasons)
    concluded = f"[bold]{review.outcome}[/] by {persons}, {review.at:%Y-%m-%d %H:%M:%S %Z}"
    return f"what counts: {concluded}: {escape(reasons)}"


def _table(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _in_short(reason: WordedReason) -> str:
    return f"{reason['code']} {reason['detail']}".rstrip()


def _flat(facts: Facts | None) -> dict[str, str]:
    """`{"comparisons.result_faceid.confidence": "91.327"}` and so on."""
    return dict(_leaves("", msgspec.to_builtins(facts))) if facts else {}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, inner)
    else:
        yield path, _value(value)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
