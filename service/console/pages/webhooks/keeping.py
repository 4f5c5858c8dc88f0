"""Who manages webhook endpoints and their deliveries."""

from typing import Annotated, Final

from domain.people.session import Session
from service.console.app.languages import N_
from service.console.app.sessions import needs

SCOPE: Final = "endpoints"
Keeper = Annotated[Session, needs(SCOPE)]
UNREADABLE: Final = N_("No configured master key opens the secrets of this endpoint.")
