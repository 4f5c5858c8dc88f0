"""The console that commands print on."""

from rich.console import Console


def create_console() -> Console:
    """A console for the terminal; 120 columns wide if the output is a log or a pipe."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    return console


def printable(content: bytes | str) -> str:
    """Text of somebody else, without what would control the terminal."""
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)
