"""Make an event the signed request that an endpoint gets, at the moment of each attempt."""

from collections.abc import Callable
from datetime import datetime

from domain.events.bodies import encoded
from domain.events.event import Event
from domain.events.webhooks.endpoint import EndpointPrivate, EndpointSettings
from domain.events.webhooks.signing import (
    PrivateKey,
    Signature,
    Webhook,
    sign_form,
    sign_standard,
    valid_at,
)
from domain.policy.facts.facts import Facts


def signed(
    event: Event,
    facts: Facts | None,
    *,
    settings: EndpointSettings,
    private: EndpointPrivate,
    at: datetime,
    open_key: Callable[[bytes], PrivateKey],
) -> Webhook:
    """The event in the endpoint's format, signed in its way. The id is the event's at every attempt."""
    body, event_id = encoded(event, settings.format, facts), str(event.id)
    secrets = valid_at(private.secrets, at)
    if settings.signature is Signature.FORM_SHA1:
        return sign_form(body, event_id=event_id, at=at, secret=secrets[0])
    keys = [open_key(key.seed) for key in private.keys if key.until is None or key.until > at]
    return sign_standard(body, event_id=event_id, at=at, secrets=secrets, keys=keys)
