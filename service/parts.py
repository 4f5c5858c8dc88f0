"""Parts of a context that the api and the console both have."""

from dataclasses import dataclass

from usecases.ports.events.deliveries import DeliveryDesk
from usecases.ports.lookups import LetterDesk
from usecases.requests.retry_dead_letters import DeadLetterRetries
from usecases.webhooks.manage_endpoints import EndpointDesk
from usecases.webhooks.redeliver import Redeliveries
from usecases.webhooks.try_endpoint import EndpointTrials


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
