"""Commands that are imported only when they run, so that frequent health checks start fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


class Late(NamedTuple):
    """A command to import: a Typer or a function, by its name in a module. `help` is for the list."""

    module: str
    name: str
    help: str


class LateGroup(TyperGroup):
    """A group that imports the commands in `late` on demand."""

    late: ClassVar[Mapping[str, Late]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, late in self.late.items():
            # Placeholders for the list of commands and for the suggestions after a typing error.
            self.add_command(TyperCommand(name, help=late.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is run."""
        late = self.late.get(args[0])
        return (args[0], _load(args[0], late), args[1:]) if late else super().resolve_command(ctx, args)


def _load(name: str, late: Late) -> Any:
    found = getattr(import_module(late.module), late.name)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = get_command(alone)
    command.name = name
    return command
