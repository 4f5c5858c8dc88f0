"""The actor of a command: the user of the operating system who runs it."""

import getpass
import os

from domain.people.actor import Actor


def command_actor() -> Actor:
    """The user who runs this process, by number where the user has no name, as in many containers."""
    try:
        return Actor.command(getpass.getuser())
    except (KeyError, OSError):
        return Actor.command(f"uid-{os.getuid()}")
