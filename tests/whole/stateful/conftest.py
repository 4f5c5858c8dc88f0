"""How long to look, and who hears what is logged meanwhile."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("long", max_examples=5000, stateful_step_count=80, print_blob=True)


@pytest.fixture(autouse=True)
def _logs_go_to_the_machine() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)
