"""`erase`, `hold` and `erasures` on the command line."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.keys.folder import FolderKeys
from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from domain.identity.erasure import ledger_key
from domain.identity.retention import Kind
from domain.model import Identity, verification_id
from tests.cli.conftest import Audited, Run, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import NOW, Store, biz_id, callback, decision_record, payload, whole_way

KEYS = KeyRing([b"k" * 32])
WHICH = (biz_id(), "--app", "demo")
NUMBER = "11010519491231002X"
WHY = ("--reason", "the user asked")


@pytest.fixture
def kept(environment: pytest.MonkeyPatch, folder: Path, database_url: str) -> FolderKeys:
    """The key store, and a decided verification of an older version in the database."""
    environment.setenv("FACEID_KEYS_URL", (folder / "keys").as_uri())

    async def fill() -> None:
        engine = create_engine(database_url)
        await empty_tables(engine)
        await whole_way(Store(engine, KEYS), 1)
        await engine.dispose()

    asyncio.run(fill())
    return FolderKeys(folder / "keys")


def test_erasing_prints_a_receipt_that_can_be_checked(run: Run, kept: FolderKeys, folder: Path) -> None:
    assert kept
    code, out, _ = run("erase", *WHICH, "--explain")
    assert code == 0
    assert "identity" in out
    assert {"inbox", "spool"} <= set(out.split())

    code, out, _ = run("erase", *WHICH, *WHY)

    assert code == 0
    receipt = folder / "receipt.json"
    receipt.write_text(out)
    assert run("erase", *WHICH, *WHY)[1] == out
    assert run("erasures", "verify", str(receipt))[:2] == (0, "genuine\n")
    receipt.write_text(json.dumps(json.loads(out) | {"biz_id": "another"}))
    assert_one_line(run("erasures", "verify", str(receipt)), f"{receipt}: no configured master key")
    receipt.write_text("no receipt")
    assert_one_line(run("erasures", "verify", str(receipt)), f"{receipt}: this is no receipt")
    assert "erased at" in run("erase", *WHICH, "--explain")[1]


def test_a_person_is_erased_by_a_number_that_no_argument_has(
    run: Run, kept: FolderKeys, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def decide() -> None:
        engine = create_engine(database_url)
        store = Store(engine, KEYS)
        record = decision_record(await store.record(callback(payload(2))))
        assert await store.decisions.save_once(replace(record, identity=Identity("陈大文", NUMBER)))
        await engine.dispose()

    def erase(number: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{number}\n"))
        return run("erase", "--app", "demo", "--person", *WHY)

    assert kept
    asyncio.run(decide())
    code, first, shown = erase(NUMBER)
    assert code == 0, shown
    receipt = json.loads(first)
    assert (receipt["biz_id"], receipt["because"]) == (biz_id(2), "person")
    assert NUMBER not in first + shown
    assert erase(NUMBER)[1] == first
    assert erase("110101199003078881")[:2] == (0, "")
    assert erase("1101")[0] == 2
    assert run("erase", *WHICH, "--person", *WHY)[0] == 2
    assert run("erase", "--app", "demo", *WHY)[0] == 2


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "  "), ("--reason", "x" * 501)])
def test_reason_must_say_something(run: Run, kept: FolderKeys, reason: tuple[str, ...]) -> None:
    assert kept
    assert run("erase", *WHICH, *reason)[0] == 2


def test_what_is_held_or_unknown_is_refused(run: Run, kept: FolderKeys) -> None:
    assert kept
    assert run("hold", "place", *WHICH, "--reason", "court order 7")[0] == 0
    assert_one_line(run("erase", *WHICH, *WHY), "a legal hold is on this verification")
    assert "held since" in run("erase", *WHICH, "--explain")[1]
    assert run("hold", "lift", *WHICH, *WHY)[:2] == (0, "lifted\n")
    assert_one_line(run("hold", "lift", *WHICH, *WHY), "there is no hold")
    assert_one_line(run("erase", biz_id(9), "--app", "demo", *WHY), "there is no such verification")


def test_dead_letters_without_a_verification_are_erased(
    run: Run, kept: FolderKeys, database_url: str
) -> None:
    async def keep() -> None:
        engine = create_engine(database_url)
        letters = Store(engine, KEYS).dead_letters
        await letters.keep(callback(payload(3)), reason="refused", detail="", now=NOW)
        await engine.dispose()

    assert kept
    which = (biz_id(3), "--app", "demo")
    asyncio.run(keep())
    assert_one_line(run("erase", biz_id(3), "--app", "other", *WHY), "there is no such verification")
    assert "dead_letters" in run("erase", *which, "--explain")[1]

    code, out, _ = run("erase", *which, *WHY)

    assert (code, json.loads(out)["places"]) == (0, {"dead_letters": 1})
    assert run("erase", *which, *WHY)[1] == out
    assert "erased at" in run("erase", *which, "--explain")[1]


def test_without_a_key_store_nothing_is_erased(
    run: Run, kept: FolderKeys, environment: pytest.MonkeyPatch
) -> None:
    assert kept
    environment.delenv("FACEID_KEYS_URL")
    assert_one_line(run("erase", *WHICH, *WHY), "FACEID_KEYS_URL is not set")
    assert_one_line(run("erasures", "apply"), "FACEID_KEYS_URL is not set")


def test_retention_at_once_names_who_ran_it(run: Run, kept: FolderKeys, audited: Audited) -> None:
    assert kept
    code, shown, _ = run("retention", "run", "--dry-run")
    assert code == 0
    assert {kind.value for kind in Kind} <= set(shown.split())
    assert audited() == []
    assert run("retention", "run")[0] == 0
    assert audited() == [("retention.run", "command"), ("identities.erased", "gateway")]


def test_the_ledger_is_applied_to_a_restored_database(run: Run, kept: FolderKeys, audited: Audited) -> None:
    asyncio.run(kept.append(ledger_key(verification_id("demo", biz_id())), at=NOW))

    assert run("erasures", "apply")[:2] == (0, "1 erasure(s) applied\n")
    assert audited() == [("erasures.applied", "command"), ("verification.erased", "gateway")]
    assert "erased at" in run("erase", *WHICH, "--explain")[1]
    assert run("erasures", "apply")[1].startswith("nothing to apply")
