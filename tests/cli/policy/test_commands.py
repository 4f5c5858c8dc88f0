"""`policy` and `explain` as an operator types them."""

import csv
import json
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.policy.curve import title_of
from domain.model import Outcome
from domain.policy.curve import CurvePoint
from tests.cli.policy.conftest import Command
from tests.support.payloads.callbacks import (
    DEFAULT_POLICY_FILE,
    compared,
    default_policy,
    passing_facts,
    policy_text,
)
from tests.support.storage.stored import (
    add_review,
    add_verification,
    biz_id,
    confirmed,
    decision_record,
    save_all,
)

BELOW_1E6 = 76.0
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    file = tmp_path / "strict.toml"
    file.write_text(policy_text(face={"approve_level": "1e-6"}))
    return file


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The one file of a policy folder."""
    file = tmp_path / "policies" / "strict.toml"
    file.parent.mkdir()
    file.write_text(policy_text(face={"need": "most"}))
    return file


@pytest.fixture
async def decided(engine: AsyncEngine) -> None:
    scores = (91.327, BELOW_1E6, 41.0, BELOW_1E6)
    items = [confirmed(n, default_policy(), confidence=score) for n, score in enumerate(scores)]
    await save_all(engine, items)


def rows(out: str) -> list[list[str]]:
    """The cells of every table row that was printed."""
    lines = [line for line in out.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


async def test_check_prints_name_version_and_hash(command: Command, strict: Path) -> None:
    ended = await command("policy", "check", strict)
    assert ended.code == 0
    assert ended.out.startswith("ok: test 1, SHA-256 ")
    assert len(ended.out.split()[-1]) == 64
    assert ended.err == f"{strict}: add `# end` as the last line, so that a truncated file is noticed\n"
    assert (await command("policy", "check", DEFAULT_POLICY_FILE)).err == ""


async def test_check_names_file_line_and_key(command: Command, broken: Path) -> None:
    ended = await command("policy", "check", broken)
    assert (ended.code, ended.out) == (1, "")
    assert (
        ended.err
        == f'faceid-gateway: {broken}:4: face.need: invalid enum value \'most\'; allowed: "all", "any"\n'
    )


async def test_check_of_a_missing_file(command: Command, tmp_path: Path) -> None:
    ended = await command("policy", "check", tmp_path / "nowhere.toml")
    assert (ended.code, ended.err.count("\n")) == (1, 1)


@pytest.mark.usefixtures("decided")
async def test_backtest_shows_transitions_rates_and_changes(
    command: Command, strict: Path, data_dir: Path
) -> None:
    ended = await command("policy", "backtest", strict, "--data-dir", data_dir)
    assert ended.code == 0
    assert "test 1 on 4 stored verifications: 2 would change" in ended.out
    cells = rows(ended.out)
    assert ["approved → review", "2"] in cells
    assert ["approved", "75.00%", "25.00%", "-50.00%"] in cells
    assert ["demo", biz_id(3), "approved → review", "face.below_threshold"] in cells


@pytest.mark.usefixtures("decided")
async def test_backtest_says_what_the_stored_facts_lack(
    command: Command, tmp_path: Path, data_dir: Path
) -> None:
    file = tmp_path / "limiting.toml"
    file.write_text(policy_text(velocity={"max_attempts_24h": 3}))
    ended = await command("policy", "backtest", file, "--data-dir", data_dir)
    assert "4 of them have no stored count of their ID number" in " ".join(ended.out.split())


@pytest.mark.usefixtures("decided")
async def test_backtest_lists_the_first_changes_or_all(
    command: Command, strict: Path, data_dir: Path
) -> None:
    first = await command("policy", "backtest", strict, "--first", "1", "--data-dir", data_dir)
    assert biz_id(3) in first.out
    assert biz_id(1) not in first.out
    assert "… and 1 more: --all lists them" in first.out
    everything = await command("policy", "backtest", strict, "--first", "1", "--all", "--data-dir", data_dir)
    assert f"demo  {biz_id(1)}  approved → review  face.below_threshold\n" in everything.out
    assert biz_id(3) in everything.out


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--limit", "2"], 2),
        (["--since", "2026-03-07T12:03"], 1),
        (["--since", "2026-03-07T13:03+01:00"], 1),
        (["--app", "other"], 0),
    ],
)
async def test_backtest_is_narrowed(
    command: Command, strict: Path, data_dir: Path, options: list[str], count: int
) -> None:
    ended = await command("policy", "backtest", strict, *options, "--data-dir", data_dir)
    assert f"test 1 on {count} stored verifications" in ended.out


async def test_backtest_of_a_broken_file_reads_nothing(
    command: Command, broken: Path, tmp_path: Path
) -> None:
    ended = await command("policy", "backtest", broken, "--data-dir", tmp_path)
    assert ended.code == 1
    assert ended.err.startswith(f"faceid-gateway: {broken}:4: ")


async def test_a_time_that_is_none_is_wrong_usage(command: Command, strict: Path) -> None:
    ended = await command("policy", "backtest", strict, "--since", "yesterday")
    assert ended.code == 2


@pytest.mark.usefixtures("decided")
async def test_curve_as_table_csv_and_pictures(command: Command, data_dir: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"curve.{name}" for name in ("csv", "svg", "png")}
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    ended = await command("policy", "curve", *options, "--data-dir", data_dir)
    assert ended.code == 0
    assert ["result_faceid", "1e-6", "4", "1", "0", "25.00%"] in rows(ended.out)
    with files["csv"].open(newline="") as opened:
        written = list(csv.DictReader(opened))
    assert [row["share"] for row in written] == ["0.75", "0.75", "0.75", "0.25"]
    assert "<svg" in files["svg"].read_text()
    assert files["png"].read_bytes().startswith(PNG)


@pytest.mark.usefixtures("decided")
async def test_curve_without_matplotlib_writes_the_figures_and_says_what_to_install(
    command: Command, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    figures, picture = tmp_path / "c.csv", tmp_path / "c.svg"
    ended = await command("policy", "curve", "--csv", figures, "--svg", picture, "--data-dir", data_dir)
    assert ended.code == 1
    assert ended.err == "faceid-gateway: pictures need matplotlib: install faceid-gateway[plot]\n"
    assert figures.exists()
    assert not picture.exists()


def test_a_picture_shows_how_many_had_no_threshold() -> None:
    line = [
        CurvePoint("result_faceid", level, 9, 5, unknown, 5 / 9)
        for level, unknown in [("1e-3", 0), ("1e-5", 3), ("1e-6", 4)]
    ]
    assert title_of(line) == "result_faceid, 9 verifications\nno threshold: 1e-5 in 3, 1e-6 in 4"
    assert title_of(line[:1]) == "result_faceid, 9 verifications"


async def test_curve_of_nothing(command: Command, data_dir: Path) -> None:
    ended = await command("policy", "curve", "--data-dir", data_dir)
    assert (ended.code, ended.out) == (0, "No stored verification has a comparison.\n")


async def test_explain_shows_every_part(command: Command, data_dir: Path, engine: AsyncEngine) -> None:
    result = passing_facts(comparisons=compared(41.206))
    await save_all(engine, [decision_record(0, default_policy(), result=result)])
    ended = await command("explain", biz_id(0), "--data-dir", data_dir)
    assert ended.code == 0
    assert ended.out.startswith(f"review  {biz_id(0)}  app demo, 2026-03-07 12:00:00 UTC\n")
    assert "basis: result, callback and result disagree" in ended.out
    assert "recomputed: identical" in ended.out
    cells = rows(ended.out)
    assert ["comparisons.result_faceid.confidence", "91.327", "41.206"] in cells
    assert ["face", "reject", "face.below_threshold 41.206 < 64 (1e-3)"] in cells
    assert "人脸比对分数低于要求的阈值" in ended.out
    assert default_policy().text in ended.out


async def test_explain_of_a_result_whose_callback_never_came(
    command: Command, data_dir: Path, engine: AsyncEngine
) -> None:
    await save_all(engine, [decision_record(0, default_policy(), result=passing_facts(), heard=False)])
    ended = await command("explain", biz_id(0), "--data-dir", data_dir)
    assert ended.out.startswith(f"approved  {biz_id(0)}  ")
    assert "basis: result, the result alone, no callback arrived; confirmation required" in ended.out
    assert "recomputed: identical" in ended.out
    assert ["liveness", "", "PASS"] in rows(ended.out)


async def test_explain_shows_what_counts_above_the_policys_decision(
    command: Command, data_dir: Path, engine: AsyncEngine
) -> None:
    await save_all(engine, [confirmed(0, default_policy(), confidence=70)])
    await add_review(engine, 0, Outcome.APPROVED, "person.matches", "new.code")
    ended = await command("explain", biz_id(0), "--data-dir", data_dir)
    headline, review, *_ = ended.out.splitlines()
    assert headline.startswith("review  ")
    assert review.startswith("what counts: approved by two persons, ")
    assert "person.matches The person matches the document; new.code new.code" in " ".join(ended.out.split())
    assert "recomputed: identical" in ended.out


async def test_explain_as_json_is_what_the_api_answers(
    command: Command, data_dir: Path, engine: AsyncEngine
) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    ended = await command("explain", biz_id(0), "--json", "--data-dir", data_dir)
    told = json.loads(ended.out)
    assert (told["outcome"], told["recomputed"]) == ("approved", {"same": True, "outcome": "approved"})


async def test_explain_of_the_unknown_and_the_undecided(
    command: Command, data_dir: Path, engine: AsyncEngine
) -> None:
    await add_verification(engine, 1)
    unknown = await command("explain", biz_id(0), "--data-dir", data_dir)
    undecided = await command("explain", biz_id(1), "--data-dir", data_dir)
    assert (unknown.code, unknown.err) == (1, f"faceid-gateway: there is no verification {biz_id(0)}\n")
    assert (undecided.code, undecided.err) == (1, f"faceid-gateway: {biz_id(1)} is not decided yet\n")


async def test_explain_wants_an_app_where_several_have_it(
    command: Command, data_dir: Path, engine: AsyncEngine
) -> None:
    for app_id in ("demo", "other"):
        await save_all(engine, [confirmed(0, default_policy(), app_id=app_id)], app_id=app_id)
    assert "--app (demo, other)" in (await command("explain", biz_id(0), "--data-dir", data_dir)).err
    one = await command("explain", biz_id(0), "--app", "other", "--data-dir", data_dir)
    assert (one.code, "app other" in one.out) == (0, True)


async def test_a_folder_on_which_no_dev_runs(command: Command, tmp_path: Path) -> None:
    ended = await command("explain", biz_id(0), "--data-dir", tmp_path)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "no `dev` runs on this folder" in ended.err


async def test_a_broken_policy_stops_the_start_with_a_line_for_each_mistake(
    command: Command, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "REDIS_URL": "redis://127.0.0.1:1",
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "MASTER_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "APPS": json.dumps({"demo": {"api_key": "k", "api_secrets": ["s"]}}),
        "POLICY_DIR": str(broken.parent),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"FACEID_{name}", value)
    monkeypatch.setattr("adapters.logs.logs.configure_logs", lambda _level: None)
    ended = await command("serve", "api")
    assert ended.code == 1
    assert ended.err.splitlines() == [
        """faceid-gateway: strict.toml:4: face.need: invalid enum value 'most'; allowed: "all", "any\"""",
        f"faceid-gateway: apps.demo.policy: there is no policy 'default' in {broken.parent}, there is none",
    ]
