"""docs/reference matches the code, and the code describes every item."""

import re
from pathlib import Path

import pytest

from adapters.configuration.meanings.of_alerts import ALERT_MEANINGS
from adapters.configuration.meanings.of_apps import APP_MEANINGS
from adapters.configuration.meanings.of_gateway import MEANINGS
from adapters.logs.catalogue import LOG_EVENTS
from adapters.outbound.alerts.settings import AlertSettings
from adapters.settings.apps import AppSettings
from adapters.settings.settings import Settings
from cli.policy.docs import END
from cli.reference.command import Topic, generated_parts
from domain.views.tokens import SCOPES
from service.problems.guide import GUIDE
from service.problems.problems import PROBLEMS
from simulator.settings import SimulatorSettings
from tests.cli.conftest import Run
from tests.support.project.logged import levels_of_events, names_in_the_code

DOCS = Path(__file__).parents[3] / "docs"
NOT_STRUCTLOG = {"library.message"}
"""Written by the formatter of libraries' messages."""


@pytest.mark.parametrize("page", generated_parts())
def test_the_page_matches_the_code(page: str) -> None:
    """Otherwise: `make docs`, which runs `faceid-gateway reference --write docs`."""
    text, part = (DOCS / page).read_text("utf-8"), generated_parts()[page]
    begin, _, _ = part.partition("\n")
    assert (text.count(begin), text.count(END)) == (1, 1)
    assert text[text.index(begin) : text.index(END) + len(END)] + "\n" == part


@pytest.mark.parametrize("topic", Topic)
def test_the_command_prints_each_topic(run: Run, topic: Topic) -> None:
    code, out, err = run("reference", topic)
    assert (code, err) == (0, "")
    page = (DOCS / "reference" / f"{topic.replace('-zh', '.zh')}.md").read_text("utf-8")
    assert out.strip() in page


def test_the_command_writes_the_pages_and_nothing_around_them(run: Run, tmp_path: Path) -> None:
    for page in generated_parts():
        (tmp_path / page).parent.mkdir(exist_ok=True)
        text = (DOCS / page).read_text("utf-8")
        outdated = re.sub(r"^\| `.*\n", "", text, flags=re.MULTILINE)
        assert outdated != text
        (tmp_path / page).write_text(outdated, "utf-8")
    before = {page: (tmp_path / page).read_text("utf-8").split("<!--")[0] for page in generated_parts()}
    assert run("reference", "--write", str(tmp_path))[0] == 0
    for page, part in generated_parts().items():
        text = (tmp_path / page).read_text("utf-8")
        assert part in text
        assert text.startswith(before[page])


def test_a_page_without_marks_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    for page in generated_parts():
        (tmp_path / page).write_text("# A page\n", "utf-8")
    code, _, err = run("reference", "--write", str(tmp_path))
    assert code == 2
    assert "has no marks" in err


def test_every_setting_has_a_meaning() -> None:
    assert set(MEANINGS) == {*Settings.model_fields, "config"}
    assert set(APP_MEANINGS) == set(AppSettings.model_fields)
    assert set(ALERT_MEANINGS) == set(AlertSettings.model_fields)


@pytest.mark.parametrize("page", ["settings.md", "settings.zh.md"])
def test_every_setting_of_the_simulator_is_named(page: str) -> None:
    text = (DOCS / "reference" / page).read_text("utf-8")
    for name in SimulatorSettings.model_fields:
        assert f"`FACEID_SIMULATOR_{name.upper()}`" in text


def test_every_problem_has_a_guide() -> None:
    assert set(GUIDE) == set(PROBLEMS)


def test_every_log_event_is_in_the_catalogue_with_its_levels() -> None:
    found = levels_of_events()
    assert set(found) <= set(LOG_EVENTS)
    assert {event: set(LOG_EVENTS[event].levels.split(", ")) for event in found} == found


def test_no_event_of_the_catalogue_is_unknown_to_the_code() -> None:
    assert set(LOG_EVENTS) - names_in_the_code() - NOT_STRUCTLOG == set()


def test_every_scope_is_needed_by_a_request() -> None:
    page = (DOCS / "reference" / "api.md").read_text("utf-8")
    row = r"^\| `[A-Z]+ /v1/\S+` \|.*`{}`"
    assert all(re.search(row.format(scope), page, re.MULTILINE) for scope in SCOPES)


@pytest.mark.parametrize("page", ["integrate.md", "integrate.zh.md"])
def test_the_guide_names_every_request_and_every_code(page: str) -> None:
    guide = (DOCS / page).read_text("utf-8")
    api = (DOCS / "reference" / "api.md").read_text("utf-8")
    asked = set(re.findall(r"`((?:GET|PUT|POST|PATCH|DELETE) /(?!callbacks)[^`?]*)[^`]*`", guide))
    assert asked == set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", api, re.MULTILINE))
    rows = re.findall(r"^\| (\d{3}(?:[,、 ]+\d{3})*) \| (`.*`) \|$", guide, re.MULTILINE)
    listed = {code: statuses for statuses, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert set(listed) == set(PROBLEMS)
    assert all(str(PROBLEMS[code].status) in statuses for code, statuses in listed.items())
