"""The wheel keeps what its metadata promises: every package carries its types."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_shipped_package_has_py_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    packages = {package for package in shipped if (ROOT / package / "__init__.py").exists()}
    assert "Typing :: Typed" in project["project"]["classifiers"]
    assert {package for package in packages if not (ROOT / package / "py.typed").exists()} == set()
