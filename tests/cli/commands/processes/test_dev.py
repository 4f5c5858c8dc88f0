"""`dev`: what it refuses before anything starts."""

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize("option", [["--vendor-url", "https://vendor.example"], ["--foreign-servers"]])
def test_a_day_is_filled_only_where_everything_is_simulated(option: list[str]) -> None:
    done = CliRunner().invoke(app, ["dev", "--fill", "5", *option])
    assert done.exit_code == 2
    assert "needs the simulator" in done.output


@pytest.mark.parametrize("count", ["-1", "10001"])
def test_the_size_of_a_day_has_bounds(count: str) -> None:
    assert CliRunner().invoke(app, ["dev", "--fill", count]).exit_code == 2
