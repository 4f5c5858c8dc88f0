"""Events, and the webhooks that bring them."""
