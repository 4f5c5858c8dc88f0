"""A fixture for every test of a folder whose conftest imports it."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No log lines: structlog draws tracebacks for developers at a second each."""
    with capture_logs():
        yield
