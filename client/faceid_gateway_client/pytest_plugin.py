"""The fixture `faceid_webhooks`: signed webhooks of every scenario, for the tests of your receiver."""

import pytest

from faceid_gateway_client.scenarios import WebhookFactory


@pytest.fixture
def faceid_webhooks() -> WebhookFactory:
    """Makes webhooks that are signed with `faceid_webhooks.secret`."""
    return WebhookFactory()
