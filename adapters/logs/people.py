"""The log events of sign-ins."""

from typing import Final

from adapters.logs.event import LogEvent

PEOPLE_EVENTS: Final = {
    "oidc.unusable": LogEvent(
        "warning",
        "console",
        "The identity provider cannot be used. `detail`: `connection` (also: an address that is refused), "
        "`status`, `answer`, `issuer` (it is not the one in `oidc.issuer`), or the endpoint that its "
        "description lacks.",
    ),
    "second_factor.unreadable": LogEvent(
        "warning",
        "console",
        "No configured master key decrypts the second factor of `person_id`, who cannot sign in. "
        "`people invite NAME --without-code` removes it.",
    ),
}
