"""What the image is built from holds all that the project installs: no engine is needed to see that."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_copied_into_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    dockerfile, ignored = (ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
    assert set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE)) == packages
    assert packages <= set(re.findall(r"^!(\w+)$", ignored, re.MULTILINE))
