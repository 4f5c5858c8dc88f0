"""The output shown on the pages is what the running gateway prints. Translations show the same
(`test_docs`).
"""

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from rich.console import Console
from rich.table import Table

from adapters.processes.heartbeats import Heartbeats
from cli.commands.processes import demo, dev, workers
from cli.commands.processes.demo import Observation
from devstack.stack import Stack
from tests.support.project.pages import DOCS, ROOT, blocks, sample, samples, shows
from tests.whole.e2e.gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMAND = Path(sys.executable).parent / "faceid-gateway"
FRONT_PAGE = ROOT / "README.md"
TRY = DOCS / "try.md"
SEPARATOR = "\x1e"


@pytest.fixture
def folder(stack: Stack, tmp_path: Path) -> Path:
    """A folder in which a `dev` runs, as a reader of the pages has one."""
    (tmp_path / ".faceid").symlink_to(stack.data_dir)
    return tmp_path


def shell(script: str, folder: Path) -> str:
    """What a script prints in the folder, without any setting of the gateway."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FACEID_")}
    env["PATH"] = f"{COMMAND.parent}:{env['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False
    )
    return ran.stdout + ran.stderr


def printed(table: Table) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=200).print(table)
    return out.getvalue().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("│")[1:-1]]


def drawn(page: Path, names: str) -> list[str]:
    """The lines of the page's table with a column of this name."""
    text = page.read_text("utf-8")
    [table] = [each for each in re.findall(r"(?:^[┏┃┡│└].*\n)+", text, re.MULTILINE) if f"┃ {names} " in each]
    return str(table).splitlines()


async def test_the_first_steps_print_the_shown_output(folder: Path) -> None:
    [setup] = [block for block in blocks(TRY, "sh") if "field()" in block]
    steps = [each for each in samples(TRY) if not each.command.startswith("make ")]
    script = "".join(f"printf '{SEPARATOR}'\n{each.command}\n" for each in steps)
    _, *answers = (await asyncio.to_thread(shell, setup + script, folder)).split(SEPARATOR)
    for each, answer in zip(steps, answers, strict=True):
        assert shows(each.shown, answer), f"{each.command}\n{answer}"


async def test_the_front_page_shows_an_answer_of_the_api(folder: Path) -> None:
    [setup] = [block for block in blocks(TRY, "sh") if "field()" in block]
    order = sample(TRY, 'curl -s "$SIMULATOR').command + " > /dev/null\n"
    biz_id = sample(TRY, "BIZ_ID=").command + "\n"
    asked = sample(FRONT_PAGE, "curl ")
    answer = await asyncio.to_thread(shell, setup + order + biz_id + asked.command, folder)
    assert shows(asked.shown, answer), answer


async def test_the_front_page_shows_what_the_demo_prints(observed: list[Observation]) -> None:
    shown = drawn(FRONT_PAGE, "scenario")
    rows = [cells(line) for line in shown if line.startswith("│")]
    for seen, row in zip(observed, rows, strict=True):
        assert [*row[2:4], row[6]] == [
            seen.outcome or f"refused ({seen.answer})",
            ", ".join(seen.reasons) or "–",
            "✓",
        ]
    as_shown = [
        msgspec.structs.replace(
            seen,
            biz_id=f"{row[0][:-1]}-",
            milliseconds=float(row[4]) if row[4] else None,
            webhook_milliseconds=float(row[5]) if row[5].isdecimal() else None,
        )
        for seen, row in zip(observed, rows, strict=True)
    ]
    assert printed(demo.table_of(as_shown)) == shown


async def test_dev_prints_the_table_that_the_page_shows(stack: Stack) -> None:
    def parts(lines: list[str]) -> list[tuple[str, str, str]]:
        """What each row is called; of where it is, the scheme and what is not by chance."""
        rows = [cells(line) for line in lines if line.startswith("│")]
        where = [(row[0], urlsplit(row[1])) for row in rows]
        return [(name, url.scheme, url.path if url.scheme == "http" else "") for name, url in where]

    # The stack of these tests has no console; test_console.py starts one.
    without_console = [row for row in parts(drawn(TRY, "what")) if row[0] != "console"]
    assert without_console == parts(printed(dev.addresses(stack)))


async def test_the_runbook_shows_what_readyz_answers(gateway: Gateway) -> None:
    [shown] = [json.loads(block) for block in blocks(DOCS / "operations.md", "json") if '"backlog"' in block]
    answer = (await gateway.api.get("/readyz")).json()

    def shape(value: Any) -> Any:
        """Texts and yes or no as they are, figures as figures."""
        if isinstance(value, dict):
            return {name: shape(each) for name, each in value.items()}
        return "figure" if type(value) is int else value

    assert shape(answer) == shape(shown)


async def test_the_runbook_shows_what_workers_prints(gateway: Gateway) -> None:
    def statuses(lines: list[str]) -> dict[str, list[str]]:
        """The names of what each role says of itself; long ones are on several lines."""
        found: dict[str, str] = {}
        for role, *_, status in (cells(line) for line in lines if line.startswith("│")):
            name = role or list(found)[-1]
            found[name] = f"{found.get(name, '')} {status}"
        return {
            name: [part.split()[0] for part in status.split(";") if part.strip()]
            for name, status in found.items()
        }

    shown = drawn(DOCS / "operations.md", "role")
    answer = printed(workers.table_of(await Heartbeats(gateway.redis).alive()))
    assert [line.split() for line in answer if line.startswith("┃")] == [shown[1].split()]
    assert statuses(shown) == statuses(answer)


async def test_the_page_of_policies_shows_what_explain_prints(
    folder: Path, observed: list[Observation]
) -> None:
    [tampered] = [seen for e, seen in zip(demo.EXPECTED, observed, strict=True) if e.scenario == "tampered"]
    shown = sample(DOCS / "policy.md", "faceid-gateway explain")
    answer = await asyncio.to_thread(shell, f"COLUMNS=200 faceid-gateway explain {tampered.biz_id}", folder)
    assert shows([*shown.shown, "…"], answer), answer


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("command", ["backtest", "curve"])
async def test_the_page_of_policies_shows_the_tables_of_a_trial(folder: Path, command: str) -> None:
    """Their figures are of other verifications; what they are about is the same."""

    def heads(lines: list[str]) -> list[list[str]]:
        return [[cell.strip() for cell in line.split("┃")] for line in lines if line.startswith("┃")]

    [strict] = [block for block in blocks(DOCS / "policy.md", "toml") if 'name = "strict"' in block]
    (folder / "strict.toml").write_text(strict, "utf-8")
    shown = sample(DOCS / "policy.md", f"faceid-gateway policy {command}")
    answer = await asyncio.to_thread(shell, shown.command, folder)
    assert heads(answer.splitlines()) == heads(shown.shown), answer
