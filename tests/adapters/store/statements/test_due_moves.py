"""Every statement that moves the `due_at` of verifications is listed and takes its move from one module."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import TextClause

import adapters.store
from adapters.store.decisions.saving import save_statement
from adapters.store.statements import due_moves
from domain.model import Outcome

ROOT = Path(adapters.store.__file__).parents[2]
MOVES = {name: text for name, text in vars(due_moves).items() if name.isupper()}
STATEMENTS = {
    "decisions.saving.save_statement": {"END"},
    "identity.erasure._ERASE": {"END"},
    "recording.held._RELEASE": {"RELEASE"},
    "recording.recorder._UPSERT_VERIFICATIONS": {"INSERT", "JOIN_CALLBACK"},
    "recording.registrations._CREATE": {"INSERT"},
    "recording.registrations._JOIN": {"REGISTER"},
    "recording.takeovers._COPY": {"INSERT", "NOW_IF_ENDED", "JOIN_CALLBACK"},
    "recording.takeovers._END": {"END"},
    "schedule.due._CLAIM": {"TAKE"},
    "schedule.due._CLAIM_ONE": {"TAKE"},
    "schedule.due._EXPIRE": {"END"},
    "schedule.due._NOTE": {"END"},
    "schedule.due._POSTPONE": {"REST"},
    "schedule.due._PUT_OFF": {"REST"},
    "schedule.leftovers._END_UNFINISHED": {"END_WITH_DAY"},
    "schedule.pull_requests._ASK": {"LOOK_NOW"},
    "schedule.return_hints._NOTE_RETURN": {"LOOK_NOW"},
}


def test_every_statement_that_moves_due_at_is_listed() -> None:
    assert {name: _moves(text) for name, text in _statements() if _moves(text)} == STATEMENTS


def test_every_move_of_due_at_is_in_due_moves() -> None:
    files = [
        file
        for room in ("adapters", "cli", "devstack", "service", "usecases", "workers")
        for file in _sources(room)
    ]
    assert [str(file.relative_to(ROOT)) for file in files if re.search(r"\bdue_at = ", file.read_text())] == [
        "adapters/store/statements/due_moves.py"
    ]


def _sources(room: str) -> list[Path]:
    """The modules of a package, without migrations and those with a `due_at` of another table."""
    files = sorted((ROOT / room).rglob("*.py"))
    return [
        file
        for file in files
        if not {"migrations", "webhooks", "report_alerts.py", "alert_cursors.py", "overdue.py"}
        & set(file.parts)
    ]


def _statements() -> Iterator[tuple[str, str]]:
    """Every whole statement of the store, by module and name."""
    prefix = f"{adapters.store.__name__}."
    for module in pkgutil.walk_packages(adapters.store.__path__, prefix):
        for name, value in vars(importlib.import_module(module.name)).items():
            text = value.text if isinstance(value, TextClause) else value
            is_statement = isinstance(text, str) and re.match(r"\s*(WITH|INSERT|UPDATE)\b", text)
            if is_statement and "verifications" in text:
                yield f"{module.name.removeprefix(prefix)}.{name}", text
    yield "decisions.saving.save_statement", save_statement(list(Outcome), numbered=True)


def _moves(statement: str) -> set[str]:
    """The longest moves in a statement; an INSERT that gives the column is one."""
    found = {name for name, move in MOVES.items() if move in statement}
    within = {one for one in found for other in found - {one} if MOVES[one] in MOVES[other]}
    inserts = re.search(r"INSERT INTO verifications\b[^()]*\([^)]*\bdue_at\b", statement)
    return (found - within) | ({"INSERT"} if inserts else set())
