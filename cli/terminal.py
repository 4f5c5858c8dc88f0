"""Where commands print."""

from rich.console import Console


def create_console() -> Console:
    """The terminal; a log or a pipe gets lines wide enough for the tables."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    return console
