"""Pictures of every screen for the docs: `make pictures` writes them to docs/pictures.

They show a `dev` that `--fill` filled. Its verifications are spread over the day before, since all of them
are of the last minute.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx2
from PIL import Image
from playwright.async_api import Browser, Page
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from devstack.databases import sign_in_link
from devstack.day.fill import fill
from devstack.environment import master_keys
from devstack.stack import USER, Stack, StackOptions, remove_data, running_stack
from tests.service.console.rig.browser import LOCALES, NONE, PHONE, Reader, chromium, reading, started

FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"
COUNT: Final = 240
SIZE: Final = (1280, 800)
LARGEST: Final = 120_000
"""Bytes of a picture."""

COLOURS: Final = 128

SCREENS: Final = {
    "today": "/",
    "verifications": "/verifications",
    "verification": "/verifications/demo/{doubtful}",
    "reviews": "/reviews",
    "review": "/reviews/{case}",
    "policies": "/policies",
    "endpoints": "/endpoints",
    "deliveries": "/deliveries",
    "dead-letters": "/dead-letters",
    "people": "/people",
    "audit": "/audit",
    "system": "/system",
}
ON_A_PHONE: Final = ("review",)

_DICE: Final = "abs(hashtext(v.biz_id))"
_AGO: Final = f"interval '23 hours' * ({_DICE} % 1000 / 1000.0) * ({_DICE} % 7 + 3) / 9.0"
"""How long ago a verification was; more in the last hours than before."""

_VERIFICATIONS: Final = (
    f"UPDATE verifications v SET created_at = created_at - {_AGO}, received_at = received_at - {_AGO}"
)
_DECISIONS: Final = (
    f"UPDATE decisions d SET decided_at = decided_at - {_AGO}"
    " FROM verifications v WHERE v.id = d.verification_id"
)


@dataclass(frozen=True)
class Subjects:
    """What the pictures show."""

    doubtful: str
    case: str


@asynccontextmanager
async def filled() -> AsyncIterator[tuple[Stack, Subjects]]:
    """A `dev` with a day in it."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-pictures-"))
    try:
        async with running_stack(StackOptions(data_dir=folder, console_port=0)) as stack:
            await fill(stack.description, COUNT, now=datetime.now(UTC))
            await _spread(stack.database_url)
            yield stack, await _subjects(stack.description)
    finally:
        remove_data(folder)


async def _spread(database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in (_VERIFICATIONS, _DECISIONS):
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def _subjects(dev: dict[str, Any]) -> Subjects:
    """A verification that a person decided, and a case that waits for one."""
    headers = {"authorization": f"Bearer {dev['api_token']}"}
    async with httpx2.AsyncClient(base_url=dev["api_url"], headers=headers, trust_env=False) as api:
        query: dict[str, str | int] = {"outcome": "review", "limit": 200}
        found = (await api.get("/v1/verifications", params=query)).raise_for_status().json()["items"]
    decided = min((each for each in found if each["effective_outcome"] != "review"), key=_agrees)
    waits = min((each for each in found if (each["review"] or {}).get("state") == "open"), key=_agrees)
    return Subjects(decided["biz_id"], waits["review"]["case_id"])


def _agrees(verification: dict[str, Any]) -> bool:
    """Whether callback and result do not differ; a difference is worth a picture."""
    return all(each["code"] != "confirmation.disagrees" for each in verification["reasons"])


async def take_all(folder: Path) -> None:
    """Take the pictures, in both languages."""
    binary = chromium()
    if binary is None:
        raise SystemExit(NONE)
    async with filled() as (stack, subjects), started(binary) as browser:
        url = str(stack.console_url)
        for language in ("en", "zh"):
            cookie = await _sign_in(browser, stack, language)
            async with reading(browser, url, language=language, with_scripts=True, cookie=cookie) as reader:
                await _take(reader, folder, subjects)


async def _sign_in(browser: Browser, stack: Stack, language: str) -> str:
    """Open a link as that of `dev`, in this language; the session's cookie."""
    keys = master_keys(stack.data_dir)
    link = await sign_in_link(stack.database_url, USER, master_keys=keys)
    page = await browser.new_page(locale=LOCALES[language])
    await page.goto(f"{stack.console_url}/login?link={link}")
    await page.click("main button")
    await page.wait_for_selector(".screens")
    cookies = await page.context.cookies()
    await page.context.close()
    return next(str(cookie.get("value")) for cookie in cookies if cookie.get("name") == "faceid")


async def _take(reader: Reader, folder: Path, subjects: Subjects) -> None:
    for name, path in SCREENS.items():
        await reader.page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
        status = await reader.open(path.format(doubtful=subjects.doubtful, case=subjects.case))
        assert status == 200, f"{path}: {status}"
        if name == "review":
            await _claim(reader.page)
        await _shoot(reader.page, folder / f"{name}-{reader.language}.png")
        if name in ON_A_PHONE:
            await reader.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            await _shoot(reader.page, folder / f"{name}-phone-{reader.language}.png")
        await reader.look()


async def _claim(page: Page) -> None:
    """Work on the case, where this reader does not yet."""
    claim = page.locator("form[action$='/claim'] button")
    if await claim.count():
        await claim.first.click()
        await page.wait_for_load_state()


async def _shoot(page: Page, file: Path) -> None:
    _keep(await page.screenshot(animations="disabled"), file)


def _keep(picture: bytes, file: Path) -> None:
    """Write it with few colours, which makes it small."""
    shown = Image.open(BytesIO(picture)).convert("RGB")
    file.parent.mkdir(parents=True, exist_ok=True)
    shown.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    assert size <= LARGEST, f"{file.name} is {size} bytes"


if __name__ == "__main__":
    asyncio.run(take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
