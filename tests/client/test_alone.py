"""The client's own tests, which know nothing of ours; `.ci/client` runs them on its oldest Python too."""

import os
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "client"


def test_the_library_passes_its_own_tests() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "faceid_gateway_client.pytest_plugin", "tests"]
    environment = os.environ | {"PYTHONPATH": str(CLIENT), "PYTEST_ADDOPTS": ""}
    ended = subprocess.run(command, cwd=CLIENT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "13 passed" in ended.stdout
