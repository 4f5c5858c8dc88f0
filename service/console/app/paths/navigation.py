"""The screens in the navigation: where each is, which key opens it, and which right it needs."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.people.roles import Rights
from service.console.app.languages import N_


class Screen(NamedTuple):
    """A screen; `key` opens it after `g`. `group` is the heading that it is under."""

    path: str
    name: str
    key: str
    scope: str
    group: str


SCREENS: Final = (
    Screen("/", N_("Today"), "t", "verifications:read", ""),
    Screen("/verifications", N_("Verifications"), "v", "verifications:read", ""),
    Screen("/reviews", N_("Review"), "r", "review", ""),
    Screen("/policies", N_("Policies"), "p", "verifications:read", ""),
    Screen("/endpoints", N_("Deliveries"), "d", "endpoints", ""),
    Screen("/dead-letters", N_("Dead letters"), "l", "operate", ""),
    Screen("/people", N_("People"), "o", "people", ""),
    Screen("/audit", N_("Audit"), "a", "audit", ""),
    Screen("/system", N_("System"), "s", "operate", ""),
)
"""In the order of the navigation. A screen is added here when it is there."""


_PARTS: Final = {"/deliveries": "/endpoints"}
"""Pages that belong to the screen of another path."""


def screens_for(rights: Rights) -> Iterator[Screen]:
    """The screens that a person with these rights may open."""
    return (screen for screen in SCREENS if rights.has(screen.scope))


def current_screen(path: str) -> str:
    """The path of the screen that a page belongs to."""
    first = "/" + path.split("/", 2)[1]
    first = _PARTS.get(first, first)
    return first if any(screen.path == first for screen in SCREENS) else ""
