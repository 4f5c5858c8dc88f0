"""Known failures of a stack, which a command prints as one line."""

from typing import Final

OUR_LINES: Final = "faceid-gateway: "
"""The prefix of each line that a command prints when it fails."""


class StackFailed(Exception):
    """A server or a role cannot be started; the message says what to do."""
