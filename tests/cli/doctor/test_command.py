"""`doctor` says that it does not check a `dev`."""

from pathlib import Path

from tests.cli.conftest import Run, assert_one_line


def test_beside_a_dev_without_settings_one_line_says_what_it_checks(run: Run, folder: Path) -> None:
    (folder / ".faceid").mkdir()
    (folder / ".faceid" / "dev.json").write_text("{}")
    assert_one_line(run("doctor"), "no server is configured; `doctor` checks production's settings")
