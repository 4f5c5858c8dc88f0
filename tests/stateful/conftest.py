"""How long to look."""

from hypothesis import settings

settings.register_profile("long", max_examples=5000, stateful_step_count=80, print_blob=True)
