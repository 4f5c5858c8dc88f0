"""Why a look at an identity was refused, in the words of the page."""

from collections.abc import Mapping
from typing import Final

from domain.identity.reading import NoReason, NumberInReason, TooManyReads
from service.console.app.languages import N_

READ_PROBLEMS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    NoReason: (422, N_("Say why. The reason is in the audit.")),
    NumberInReason: (422, N_("The reason must not have an ID number: the audit keeps it for years.")),
    TooManyReads: (429, N_("You have seen as many identities today as one person may.")),
}
"""The status and the text."""
