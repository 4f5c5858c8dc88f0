"""`dev` with its console: the printed link signs in, once, and what happens shows there."""

import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from cli.commands.processes.demo import observe_all
from devstack.day.fill import fill
from devstack.day.people import PERSONS
from devstack.stack import Stack, StackOptions, remove_data, running_stack
from tests.support.http.clients import plain_client
from tests.whole.e2e.conftest import IMPATIENT

OVERDUE = "SELECT count(*) FROM review_cases WHERE state <> 'closed' AND due_at < now()"


@pytest.fixture
async def stack_with_console() -> AsyncIterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="faceid-e2e-"))
    async with running_stack(StackOptions(data_dir=folder, env=IMPATIENT, console_port=0)) as stack:
        yield stack
    remove_data(folder)


async def test_the_link_of_dev_signs_in_once_and_shows_what_happened(stack_with_console: Stack) -> None:
    said = stack_with_console.description
    observed = await observe_all(stack_with_console)
    url, link = said["console_url"], said["console_login_url"]
    async with plain_client(url, headers={"origin": url}) as browser:
        page = await browser.get(link)
        hidden = dict(re.findall(r'name="(form_token|link)" value="([^"]+)"', page.text))
        assert (await browser.post("/login/link", data=hidden)).status_code == 303
        first, listed = await browser.get("/"), await browser.get("/verifications")
        assert (first.status_code, "console" in first.text) == (200, True)
        assert 5 < listed.text.count("<tr data-row>") <= len(observed)
        assert (await browser.get(link)).status_code == 410
    log = (stack_with_console.data_dir / "logs" / "console.log").read_text()
    assert hidden["link"] not in log


async def overdue_cases(database_url: str) -> int:
    """The number of cases that wait for longer than their time limit."""
    engine = create_engine(database_url)
    async with engine.connect() as connection:
        count = await connection.scalar(text(OVERDUE))
    await engine.dispose()
    return int(count or 0)


async def test_a_filled_dev_has_something_on_every_screen(stack_with_console: Stack) -> None:
    dev = stack_with_console.description
    await fill(dev, 60, now=datetime.now(UTC))
    # Again, as after a restart: persons and endpoints are there.
    await fill(dev, 60, now=datetime.now(UTC))
    headers = {"authorization": f"Bearer {dev['api_token']}"}
    async with plain_client(dev["api_url"], headers=headers) as api:
        listed = {
            path: (await api.get(f"/v1/{path}", params={"limit": 200})).raise_for_status().json()["items"]
            for path in ("verifications", "dead-letters", "endpoints", "audit")
        }
    assert sum(each["health"]["failures"] > 0 for each in listed["endpoints"]) == 1
    assert await overdue_cases(dev["database_url"]) > 0
    outcomes = Counter(each["outcome"] for each in listed["verifications"])
    assert set(outcomes) >= {"approved", "rejected", "review", "incomplete"}
    assert outcomes["approved"] > 60
    assert len({each["reason"] for each in listed["dead-letters"]}) > 1
    assert len(listed["endpoints"]) == 2
    states = {each["review"]["state"] for each in listed["verifications"] if each["review"]}
    assert states >= {"open", "claimed"}
    assert {each["subject"] for each in listed["audit"]} >= set(PERSONS)
