"""The report covers every table, and says what the configuration says."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from adapters.settings.settings import Settings, load_settings
from adapters.store.people.access_counts import count_access
from adapters.store.people.persons import PgPersons
from adapters.store.tables.schema import metadata
from cli.compliance.command import commands
from cli.compliance.inventory import STORED
from cli.compliance.markdown import as_markdown
from cli.compliance.report import build_report
from domain.people.actor import Actor
from domain.people.roles import Grant, Role
from domain.views.operations.compliance import AccessCounts, ComplianceReport, RoleCount, TokenCount

AT = datetime(2026, 11, 28, tzinfo=UTC)
ACCESS = AccessCounts(
    roles=[RoleCount("reviewer", None, 3), RoleCount("viewer", "demo", 2)],
    tokens=[TokenCount(["demo"], ["verifications:read"], 1)],
    personal_tokens=4,
)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    app = {"api_key": "k", "api_secrets": ["very-secret"], "retention": {"raw_days": 3, "identity_days": 30}}
    for name, value in {
        "APPS": json.dumps({"demo": app}),
        "MASTER_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://faceid:database-secret@127.0.0.1:1/faceid",
        "KEYS_URL": "file:///secret/place",
    }.items():
        monkeypatch.setenv(f"FACEID_{name}", value)
    return load_settings()


def built(settings: Settings) -> ComplianceReport:
    return build_report(settings, ACCESS, at=AT, version="1")


def test_every_table_is_in_the_inventory() -> None:
    places = {place for each in STORED for place in each.places}
    assert set(metadata.tables) - places == set()


def test_report_says_what_is_configured(settings: Settings) -> None:
    report = built(settings)
    [kept] = report.retention
    assert (kept.app_id, kept.raw_days, kept.identity_days, kept.decision_days) == ("demo", 3, 30, 1095)
    assert report.protection.key_store == "file"
    answers = {each.question: each.answer for each in report.answers}
    assert "30 days" in answers["How long is identity kept?"]
    assert "1095 days, and 1825 days" in answers["How long are decisions and the audit kept?"]
    assert "stay unreadable" in answers["What do backups bring back?"]
    assert "3 role(s)" in answers["Who can see identity?"]


def test_without_a_key_store_backups_bring_data_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FACEID_KEYS_URL")
    answers = {each.question: each.answer for each in built(load_settings()).answers}
    assert "bring it back" in answers["What do backups bring back?"]


def test_markdown_has_every_chapter_and_no_secret(settings: Settings) -> None:
    text = as_markdown(built(settings))
    for title in ("Questions", "Data", "Retention in days", "Keys and anchors", "Roles", "Persons"):
        assert f"\n## {title}\n" in text
    assert "secret" not in text.replace("secrets", "")


@pytest.mark.usefixtures("settings")
def test_command_prints_json_also_while_the_database_is_away() -> None:
    result = CliRunner().invoke(commands, ["report", "--format", "json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert report["access"] is None
    assert report["stored"]


async def test_persons_are_counted_by_role(engine: AsyncEngine) -> None:
    actor = Actor.command("test")
    await PgPersons(engine).add("li.na", [Grant(Role.REVIEWER), Grant(Role.VIEWER, "demo")], actor=actor)
    await PgPersons(engine).add("wang", [Grant(Role.REVIEWER)], actor=actor)
    counts = await count_access(engine)
    assert counts.roles == [RoleCount("reviewer", None, 2), RoleCount("viewer", "demo", 1)]
    assert counts.tokens == []
