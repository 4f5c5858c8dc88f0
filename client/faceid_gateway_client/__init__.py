"""Client of faceid-gateway.

`Gateway` and `AsyncGateway` order verifications, look them up and follow their events.
`verify_webhook` proves a webhook genuine; `Receiver` also notices duplicates and events out of order.
"""

from faceid_gateway_client.aio import AsyncGateway
from faceid_gateway_client.errors import (
    ApiError,
    CursorExpired,
    GatewayClientError,
    NotFound,
    WebhookRejected,
)
from faceid_gateway_client.gateway import Gateway
from faceid_gateway_client.models import Event, Order, Policy, Reason, Review, Verification
from faceid_gateway_client.receiving import InMemory, Memory, Received, Receiver
from faceid_gateway_client.webhooks import Webhook, verify_webhook

__all__ = [
    "ApiError",
    "AsyncGateway",
    "CursorExpired",
    "Event",
    "Gateway",
    "GatewayClientError",
    "InMemory",
    "Memory",
    "NotFound",
    "Order",
    "Policy",
    "Reason",
    "Received",
    "Receiver",
    "Review",
    "Verification",
    "Webhook",
    "WebhookRejected",
    "verify_webhook",
]
