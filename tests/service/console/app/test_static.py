"""The vendored script is the one that was looked at, and nothing needs more than the policy allows."""

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import service.console

STATIC = files(service.console) / "static"
HTMX = "d8e6adcd0cb51fe65dfc822b8ebd5372e0c6a8b5de1e16e8a00c8963529d40c2a7af82d9db6937d4604b7582879958e0"
"""SHA-384 of dist/htmx.min.js in htmx.org 2.0.11, as npm has it."""


def test_htmx_is_the_one_of_its_release() -> None:
    assert hashlib.sha384((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX


def test_htmx_evaluates_nothing_and_keeps_no_pages() -> None:
    base = (files(service.console) / "templates" / "base.html").read_text()
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", base)
    assert found
    config = json.loads(found[1])
    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False
    assert config["historyCacheSize"] == 0
    assert config["selfRequestsOnly"] is True


def test_no_template_has_inline_scripts_or_styles() -> None:
    for template in (Path(service.console.__file__).parent / "templates").rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:|hx-on|hx-vals=.js:|\|\s*safe", text), (
            template.name
        )
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), template.name


def test_the_dark_scheme_changes_colours_alone() -> None:
    """So that rig/browser.py looks at it by the rules of colours."""
    style = (STATIC / "console.css").read_text()
    schemes = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}", style)
    assert len(schemes) == style.count("prefers-color-scheme") == 1
    assert re.fullmatch(r"(\s*--[a-z-]+: #[0-9a-f]{6};)+\s*", schemes[0])
