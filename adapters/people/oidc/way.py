"""The way to the identity provider. Settings import it, so it imports no HTTP client."""

import msgspec

from domain.events.webhooks.addresses import NOTHING, Allowed


class ProviderWay(msgspec.Struct, frozen=True):
    """How to reach the provider.

    `allowed`: private hosts that its description may name, besides the issuer's own. `proxy`: the URL of an
    egress proxy, which resolves the names and has to refuse private addresses itself. `ca`: certificates
    (PEM) that are trusted instead of the system's. The repr shows none of it.
    """

    allowed: Allowed = NOTHING
    proxy: str | None = None
    ca: str | None = None

    def __repr__(self) -> str:
        return "ProviderWay(...)"
