"""What support/project/distribution.py names is there: a moved module would quietly lose its place."""

from pathlib import Path

import pytest

from tests.support.project.distribution import APART, SHARED, THOROUGH

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", [*APART, *THOROUGH])
def test_every_named_module_exists(module: str) -> None:
    assert (ROOT / module).is_file()


def test_all_that_share_the_running_gateway_stay_together() -> None:
    shared = 'loop_scope="session"'
    modules = {*(ROOT / "tests").rglob("test_*.py")} - {Path(__file__)}
    users = {path for path in modules if shared in path.read_text()}
    apart = {ROOT / module for module in APART}
    assert users
    assert all(path.is_relative_to(ROOT / SHARED) for path in users)
    assert users.isdisjoint(apart)
