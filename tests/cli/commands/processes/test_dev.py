"""`dev`: what it refuses before anything starts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands.processes.dev import invitation
from cli.main import app


@pytest.mark.parametrize("option", [["--vendor-url", "https://vendor.example"], ["--foreign-servers"]])
def test_a_day_is_filled_only_where_everything_is_simulated(option: list[str]) -> None:
    done = CliRunner().invoke(app, ["dev", "--fill", "5", *option])
    assert done.exit_code == 2
    assert "needs the simulator" in done.output


@pytest.mark.parametrize("count", ["-1", "10001"])
def test_the_size_of_a_day_has_bounds(count: str) -> None:
    assert CliRunner().invoke(app, ["dev", "--fill", count]).exit_code == 2


@pytest.mark.parametrize(("folder", "ending"), [(".faceid", "dev"), ("a b", "dev --data-dir 'a b'")])
def test_the_command_for_another_link_names_the_folder(folder: str, ending: str) -> None:
    assert invitation(Path(folder)) == f"faceid-gateway people invite {ending}"
