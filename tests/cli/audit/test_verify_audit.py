"""The verifier accepts what the gateway wrote, and finds every change of it."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.export import PgAuditExport
from cli.audit import verify_audit
from domain.audit.blocks import BEGINNING, canonical, merkle_root
from tests.support.storage.audits import Line, close_all, exported, write_rows

Anchors = list[tuple[int, str]]


def verify(lines: list[Line], anchors: Anchors) -> tuple[bool, list[str]]:
    return verify_audit.verify((json.dumps(line) for line in lines), anchors)


async def audit_of(engine: AsyncEngine) -> tuple[list[Line], Anchors]:
    """Ten blocks of one to ten rows."""
    anchors: Anchors = []
    for count in range(1, 11):
        await write_rows(engine, count)
        anchors += await close_all(engine)
    return await exported(engine), anchors


def blocks(lines: list[Line]) -> list[list[Line]]:
    """The lines of each block."""
    starts = [n for n, line in enumerate(lines) if line["kind"] == "block"] + [len(lines)]
    return [lines[start:end] for start, end in pairwise(starts)]


def joined(parts: list[list[Line]]) -> list[Line]:
    return [line for part in parts for line in part]


def flip_a_bit(lines: list[Line]) -> list[Line]:
    row = next(line for line in lines if line["kind"] == "row")["row"]
    row["subject"] = chr(ord(row["subject"][0]) ^ 1) + row["subject"][1:]
    return lines


def cut_the_head(lines: list[Line]) -> list[Line]:
    return joined(blocks(lines)[1:])


def cut_the_tail(lines: list[Line]) -> list[Line]:
    return joined(blocks(lines)[:-1])


def swap(lines: list[Line]) -> list[Line]:
    part = blocks(lines)[4]
    part[1]["row"], part[2]["row"] = part[2]["row"], part[1]["row"]
    return lines


def swap_places(lines: list[Line]) -> list[Line]:
    """Two rows with all that belongs to them."""
    parts = blocks(lines)
    first, second = parts[4][1:3]
    first["position"], second["position"] = second["position"], first["position"]
    parts[4][1:3] = [second, first]
    return joined(parts)


def insert(lines: list[Line]) -> list[Line]:
    parts = blocks(lines)
    extra = json.loads(json.dumps(parts[4][-1]))
    extra["row"]["id"], extra["position"] = 10**6, extra["position"] + 1
    extra["leaf"] = sha256(b"\0" + bytes.fromhex(extra["salt"]) + canonical(extra["row"])).hexdigest()
    parts[4].append(extra)
    parts[4][0]["count"] += 1
    return joined(parts)


def rewrite_all(lines: list[Line]) -> list[Line]:
    """Another history, in which every hash agrees."""
    previous = BEGINNING.hex()
    for block, *rows in blocks(lines):
        for item in rows:
            item["row"]["actor"] = "person:somebody.else"
            item["leaf"] = sha256(b"\0" + bytes.fromhex(item["salt"]) + canonical(item["row"])).hexdigest()
        block["root"] = merkle_root([bytes.fromhex(item["leaf"]) for item in rows]).hex()
        block["previous"] = previous
        members = {name: block[name] for name in ("closed_at", "count", "height", "previous", "root")}
        previous = block["hash"] = sha256(b"\2" + canonical(members)).hexdigest()
    return lines


def remove_a_row(lines: list[Line]) -> list[Line]:
    parts = blocks(lines)
    del parts[6][3]
    return joined(parts)


def repeat_a_row(lines: list[Line]) -> list[Line]:
    parts = blocks(lines)
    parts[6][3] = parts[6][2]
    return joined(parts)


CHANGES = [
    flip_a_bit,
    cut_the_head,
    cut_the_tail,
    swap,
    swap_places,
    insert,
    rewrite_all,
    remove_a_row,
    repeat_a_row,
]


async def test_what_the_gateway_wrote_is_accepted(engine: AsyncEngine) -> None:
    lines, anchors = await audit_of(engine)
    good, said = verify(lines, anchors)
    assert good, said
    assert said == ["55 rows and 0 purged rows in 10 blocks", "anchored up to block 10 of 10", "OK"]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_found(engine: AsyncEngine, change: Callable[[list[Line]], list[Line]]) -> None:
    lines, anchors = await audit_of(engine)
    good, said = verify(change(lines), anchors)
    assert not good
    assert said[-1] == "FAILED: the audit was changed"


async def test_only_anchors_show_that_all_was_rewritten(engine: AsyncEngine) -> None:
    lines, anchors = await audit_of(engine)
    rewritten = rewrite_all(lines)
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
