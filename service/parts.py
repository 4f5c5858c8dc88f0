"""Parts of a context that the api and the console both have."""

from dataclasses import dataclass

from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.ports.events.deliveries import DeliveryDesk
from usecases.ports.lookups import LetterDesk
from usecases.requests.retry_dead_letters import DeadLetterRetries


@dataclass(frozen=True)
class Letters:
    """Dead letters."""

    desk: LetterDesk
    retries: DeadLetterRetries


@dataclass(frozen=True)
class Webhooks:
    """Endpoints and deliveries."""

    endpoints: EndpointDesk
    deliveries: DeliveryDesk
    redeliveries: Redeliveries
    trials: EndpointTrials
