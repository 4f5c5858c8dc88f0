"""The verifier accepts what the gateway wrote, and finds every change of it."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.export import PgAuditExport
from cli.audit import verify_audit
from tests.support.storage.audit.audits import Line, close_all, exported, write_rows
from tests.support.storage.audit.tampering import ALL, Tamper, parts_of, rewrite_all

Anchors = list[tuple[int, str]]


def verify(lines: Iterable[Line], anchors: Anchors) -> tuple[bool, list[str]]:
    return verify_audit.verify((json.dumps(line) for line in lines), anchors)


async def audit_of(engine: AsyncEngine) -> tuple[list[Line], Anchors]:
    """Ten blocks of one to ten rows."""
    anchors: Anchors = []
    for count in range(1, 11):
        await write_rows(engine, count)
        anchors += await close_all(engine)
    return await exported(engine), anchors


async def test_what_the_gateway_wrote_is_accepted(engine: AsyncEngine) -> None:
    lines, anchors = await audit_of(engine)
    good, said = verify(lines, anchors)
    assert good, said
    assert said == ["55 rows and 0 purged rows in 10 blocks", "anchored up to block 10 of 10", "OK"]


@pytest.mark.parametrize("tamper", ALL)
async def test_a_change_is_found(engine: AsyncEngine, tamper: Tamper) -> None:
    lines, anchors = await audit_of(engine)
    good, said = verify(chain.from_iterable(tamper(parts_of(lines))), anchors)
    assert not good
    assert said[-1] == "FAILED: the audit was changed"


async def test_only_anchors_show_that_all_was_rewritten(engine: AsyncEngine) -> None:
    lines, anchors = await audit_of(engine)
    rewritten = [*chain.from_iterable(rewrite_all(parts_of(lines)))]
    assert verify(rewritten, [])[0]
    assert not verify(rewritten, anchors[-1:])[0]


async def test_any_other_byte_is_noticed(engine: AsyncEngine) -> None:
    """A digit or a letter of an export is replaced by another one, wherever it is."""
    lines, anchors = await audit_of(engine)
    export = [json.dumps(line) for line in lines]
    assert verify_audit.verify(export, anchors)[0]
    chance = random.Random(7)
    for _ in range(300):
        n = chance.randrange(len(export))
        places = [k for k, byte in enumerate(export[n]) if byte.isdigit()]
        k = chance.choice(places)
        changed = export[n][:k] + str((int(export[n][k]) + 1) % 10) + export[n][k + 1 :]
        assert not verify_audit.verify([*export[:n], changed, *export[n + 1 :]], anchors)[0], changed


async def test_after_a_purge_it_still_verifies(engine: AsyncEngine) -> None:
    await audit_of(engine)
    await write_rows(engine, 2)
    later = datetime.now(UTC) + timedelta(days=1)
    assert await PgAuditExport(engine).purge(before=later, limit=50) == 50
    assert await PgAuditExport(engine).purge(before=later, limit=50) == 5
    assert await PgAuditExport(engine).purge(before=later, limit=50) == 0, "in no block yet"
    anchors = await close_all(engine)
    good, said = verify(await exported(engine), anchors)
    assert good, said
    assert said[0] == "2 rows and 55 purged rows in 11 blocks"
    assert said[2].startswith("rows were purged up to 20")


async def test_rows_in_no_block_are_counted(engine: AsyncEngine) -> None:
    _, anchors = await audit_of(engine)
    await write_rows(engine, 3)
    good, said = verify(await exported(engine), anchors)
    assert good
    assert "3 rows are in no block yet; nothing protects them" in said


async def test_the_file_runs_alone(engine: AsyncEngine, tmp_path: Path) -> None:
    lines, anchors = await audit_of(engine)
    script = tmp_path / "verify_audit.py"
    shutil.copy(verify_audit.__file__, script)
    (tmp_path / "export").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (tmp_path / "anchors").write_text("".join(f'{{"height": {h}, "hash": "{x}"}}\n' for h, x in anchors))
    (tmp_path / "wrong").write_text('{"type": "audit.checkpoint", "detail": {"height": 11, "hash": "ff"}}\n')

    def run(*names: str) -> tuple[int, str]:
        # -I: neither this folder nor installed packages count; -S: no site-packages.
        command = [sys.executable, "-I", "-S", str(script), *(str(tmp_path / name) for name in names)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run("export", "anchors") == (
        0,
        "55 rows and 0 purged rows in 10 blocks\nanchored up to block 10 of 10\nOK\n",
    )
    code, said = run("export", "anchors", "wrong")
    assert code == 1
    assert "block 11 is anchored and is not in the export" in said
    assert run("absent")[0] == 2
    assert run()[0] == 2


@pytest.mark.parametrize(
    "line",
    [
        '{"height": 3, "hash": "ab", "closed_at": "x"}',
        '{"type": "audit.checkpoint", "detail": {"height": 3, "hash": "ab"}}',
        '{"data": {"detail": {"height": 3, "hash": "ab"}}}',
    ],
)
def test_an_anchor_is_read_from_a_file_or_an_event(line: str) -> None:
    assert list(verify_audit.anchors_in([line, "\n", "{}"])) == [(3, "ab")]


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"kind": "block"}', '{"kind": "row", "row": 1}', "\xff"])
def test_a_line_that_cannot_be_read_is_a_problem(line: str) -> None:
    assert not verify_audit.verify([line], [])[0]
