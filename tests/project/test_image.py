"""What the image is built from holds all that the project installs: no engine is needed to see that."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from adapters.configuration.extras import Extra

ROOT = Path(__file__).parents[2]
ROLES = ("domain", "usecases", "adapters", "service", "workers")
"""What runs in production; commands ask for extras too, but no setting does."""


def test_every_package_is_copied_into_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    dockerfile, ignored = (ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
    assert set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE)) == packages
    assert packages <= set(re.findall(r"^!(\w+)$", ignored, re.MULTILINE))


@pytest.mark.parametrize(("file", "commands"), [("Dockerfile", 2), ("docs/production.md", 2)])
def test_every_extra_that_settings_need_is_installed(file: str, commands: int) -> None:
    found = re.findall(r"\buv sync (.*)", (ROOT / file).read_text())
    assert len(found) == commands
    for options in found:
        assert set(re.findall(r"--extra (\w+)", options)) == set(Extra)


def test_every_extra_that_a_role_imports_is_one_that_settings_need() -> None:
    owners = packages_distributions()
    extras = _extras_by_package()
    imported = {extras.get(owner) for module in _imported_modules() for owner in owners.get(module, ())}
    assert imported - {None} == set(Extra)


def _extras_by_package() -> dict[str, str]:
    """The extra of each package that is in one."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        re.split(r"[^\w-]", package)[0]: extra
        for extra, packages in project["optional-dependencies"].items()
        for package in packages
    }


def _imported_modules() -> Iterator[str]:
    """The top modules that a role imports, at its start or later."""
    for room in ROLES:
        for file in (ROOT / room).rglob("*.py"):
            yield from re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE)
