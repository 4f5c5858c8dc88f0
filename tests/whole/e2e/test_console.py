"""`dev` with its console: the printed link signs in, once, and what happens shows there."""

import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from cli.commands.demo import observe_all
from devstack.stack import Stack, StackOptions, remove_data, running_stack
from tests.whole.e2e.conftest import IMPATIENT


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
    async with httpx2.AsyncClient(base_url=url, headers={"origin": url}, trust_env=False) as browser:
        page = await browser.get(link)
        hidden = dict(re.findall(r'name="(form_token|link)" value="([^"]+)"', page.text))
        assert (await browser.post("/login/link", data=hidden)).status_code == 303
        first, listed = await browser.get("/"), await browser.get("/verifications")
        assert (first.status_code, "console" in first.text) == (200, True)
        assert 5 < listed.text.count("<tr data-row>") <= len(observed)
        assert (await browser.get(link)).status_code == 410
    log = (stack_with_console.data_dir / "logs" / "console.log").read_text()
    assert hidden["link"] not in log
