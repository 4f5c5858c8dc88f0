"""The pages name existing commands and options, and show their output."""

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.main import get_command

from adapters.settings.settings import load_settings
from cli.doctor.doctor import run_doctor
from cli.main import app
from tests.cli.conftest import CANARY, Run
from tests.support.project.pages import DOCS, PAGES, ROOT, blocks, sample, samples, shows

_NAMED = re.compile(r"(?<![/\w-])faceid-gateway((?: +[^\s`#|;)]+)+)")
_BY_CHANCE = (
    (r"\d+(?:\.\d+)? (GiB|MiB|allowed|needed)", r"N \1"),
    (r"\d+ (epochs|of them|erasures)", r"N \1"),
    (r"(?:/[\w.-]+)+/(policies|spool)\b", r"\1"),
    (r"https?://[\w.:-]+", "URL"),
    (r"(?m)^[\w-]{43}$", "TOKEN"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00", "TIME"),
)


def plain(text: str) -> str:
    """The text without the parts that depend on the machine and the day."""
    for shape, word in _BY_CHANCE:
        text = re.sub(shape, word, text)
    return text


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that these words name, and the remaining words."""
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        context = command.context_class(command)
        _, command, words = command.resolve_command(context, words)
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_page_is_there_with_its_options(page: Path) -> None:
    for named in _NAMED.findall(page.read_text("utf-8")):
        words = named.split()
        if words[0].startswith("-"):
            continue
        command, rest = command_of(words)
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        options = {
            re.sub(r"[=\],.:].*", "", word.lstrip("[")) for word in rest if word.lstrip("[").startswith("--")
        }
        assert options <= known, named


async def test_doctor_prints_what_the_page_shows(
    environment: pytest.MonkeyPatch, redis: Redis, engine: AsyncEngine, tmp_path: Path
) -> None:
    shop = {
        "api_key": "key",
        "api_secrets": [CANARY],
        "notify_url": "https://faceid.example.com/callbacks/shop/notify",
        "vendor_url": "http://127.0.0.1:9",
    }
    environment.setenv("FACEID_APPS", json.dumps({"shop": shop}))
    (tmp_path / "spool").mkdir()
    environment.setenv("FACEID_SPOOL_DIR", str(tmp_path / "spool"))
    environment.setenv("FACEID_KEYS_URL", f"file://{tmp_path}/keys")
    await redis.config_set("maxmemory", "1gb")
    out = io.StringIO()
    try:
        assert not await run_doctor(load_settings(), Console(file=out, width=200))
    finally:
        await redis.config_set("maxmemory", "0")
    shown = sample(DOCS / "operate.md", "faceid-gateway doctor").shown
    assert plain(out.getvalue()).splitlines() == [plain(line) for line in shown]


@pytest.mark.usefixtures("environment")
def test_tokens_are_printed_as_the_page_shows(
    environment: pytest.MonkeyPatch, engine: AsyncEngine, run: Run
) -> None:
    apps = {"shop": {"api_key": "key", "api_secrets": [CANARY]}}
    environment.setenv("FACEID_APPS", json.dumps(apps))
    for command, shown in samples(DOCS / "integrate.md"):
        code, out, err = run(*command.split()[1:])
        assert (code, err) == (0, "")
        assert plain(out).splitlines() == [plain(line) for line in shown]


def test_a_policy_is_checked_as_the_page_shows(run: Run, folder: Path) -> None:
    [strict] = [block for block in blocks(DOCS / "policy.md", "toml") if 'name = "strict"' in block]
    Path("strict.toml").write_text(strict, "utf-8")
    Path("broken.toml").write_text(strict.replace("= 92", '= "92"'), "utf-8")
    checks = [each for each in samples(DOCS / "policy.md") if "policy check" in each.command]
    assert len(checks) == 2
    for command, shown in checks:
        _, out, err = run(*command.split()[1:])
        assert (out + err).splitlines() == shown


def test_make_help_prints_what_the_page_shows() -> None:
    ran = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shows(sample(ROOT / "CONTRIBUTING.md", "make help").shown, ran.stdout)
