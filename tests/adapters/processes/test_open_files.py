"""A process takes as many open files as the system lends it."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from adapters.processes.open_files import most_open_files, raise_open_files
print(most_open_files(), raise_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(256, 1024), (1024, 1024)])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int) -> None:
    argv = [sys.executable, "-c", SCRIPT, str(soft), str(hard)]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert printed.split() == [str(hard)] * 4
