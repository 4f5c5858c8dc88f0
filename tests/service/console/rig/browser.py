"""Chromium, and one reader's look at the console: in a language, with or without JavaScript.

Everything that a reader must never meet is collected: violations of the content policy, errors in the
browser's console, answers that are defects, and violations of accessibility (axe-core).
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, Request, async_playwright

NONE: Final = "no Chromium (apt-get install chromium): the browser tests of the console are left out"
BROWSERS: Final = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
"""The first draws no windows, which take the others twice as long as the pages."""

COLOUR_RULES: Final = ("color-contrast", "link-in-text-block")
"""The rules of axe that the dark scheme concerns: test_static.py checks that it changes only colours."""

LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}
PHONE: Final = (390, 844)
DESKTOP: Final = (1440, 900)
PICTURES: Final = os.environ.get("CONSOLE_PICTURES")
"""A folder for pictures of what the tests look at; none without it."""

_REPORTS: Final = """
window.__reports = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

_FIND_VIOLATIONS: Final = "options => axe.run(options).then(found => found.violations)"


def chromium() -> str | None:
    """The browser of this machine."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@asynccontextmanager
async def started(binary: str) -> AsyncIterator[Browser]:
    """A browser that runs inside the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Reader:
    """One reader's browser window on the console at `url`."""

    page: Page
    url: str
    language: str
    with_scripts: bool
    problems: list[str] = field(default_factory=list)

    async def open(self, path: str) -> int:
        """Go there; the status of the answer."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        return answer.status

    async def text(self) -> str:
        """What the page says."""
        return await self.page.inner_text("body")

    async def look(self, name: str = "") -> None:
        """Check the page as it is now; take a picture of it if pictures are wanted."""
        if self.with_scripts:
            await self._check_access()
            if self.language == "en":
                await self.page.emulate_media(color_scheme="dark")
                await self._check_access(runOnly=COLOUR_RULES)
                await self.page.emulate_media(color_scheme="light")
            self.problems += await self.page.evaluate("window.__reports.splice(0)")
        if name and PICTURES:
            await self._take_pictures(name)

    async def _check_access(self, **options: object) -> None:
        if await self.page.evaluate("window.axe?.run === undefined"):
            await self.page.evaluate(AXE_SCRIPT)
        violations = await self.page.evaluate(_FIND_VIOLATIONS, {"resultTypes": ["violations"], **options})
        for each in violations:
            where = "; ".join(node["html"][:160] for node in each["nodes"][:3])
            self.problems.append(f"axe {each['id']} on {self.page.url}: {where}")

    async def _take_pictures(self, name: str) -> None:
        for size, (width, height) in (("phone", PHONE), ("desktop", DESKTOP)):
            for scheme in ("light", "dark"):
                await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                await self.page.set_viewport_size({"width": width, "height": height})
                file = Path(PICTURES or ".") / f"{name}-{self.language}-{size}-{scheme}.png"
                await self.page.screenshot(path=file, full_page=True)
        await self.page.emulate_media(color_scheme="light")


@asynccontextmanager
async def reading(
    browser: Browser, url: str, *, language: str, with_scripts: bool, cookie: str | None = None
) -> AsyncIterator[Reader]:
    """A reader with a new window, signed in by `cookie`; fails at the end if anything was wrong."""
    window = await browser.new_context(
        locale=LOCALES[language],
        java_script_enabled=with_scripts,
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    window.set_default_timeout(90_000)
    if cookie is not None:
        await window.add_cookies([{"name": "faceid", "value": cookie, "url": url, "sameSite": "Strict"}])
    page = await window.new_page()
    reader = Reader(page, url, language, with_scripts)
    _collect(page, reader.problems)
    if with_scripts:
        await page.add_init_script(_REPORTS)
    try:
        yield reader
    finally:
        await window.close()
    assert not reader.problems, "\n".join(reader.problems)


def _unloaded(request: Request) -> list[str]:
    """A request that failed, unless the reader went on before it ended."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"not loaded: {request.url} {request.failure}"]


def _collect(page: Page, problems: list[str]) -> None:
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("requestfailed", lambda request: problems.extend(_unloaded(request)))
    page.on(
        "response", lambda answer: problems.append(f"500: {answer.url}") if answer.status == 500 else None
    )

    def noted(message: object) -> None:
        kind, said = getattr(message, "type", ""), getattr(message, "text", "")
        # Chromium reports the status of every refusal that a test asks for.
        if kind in ("error", "warning") and "the server responded with a status of" not in said:
            problems.append(f"{kind}: {said}")

    page.on("console", noted)
