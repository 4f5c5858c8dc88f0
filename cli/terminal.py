"""The console that commands print on."""

from rich.console import Console


def create_console() -> Console:
    """A console for the terminal; 120 columns wide if the output is a log or a pipe."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    return console
