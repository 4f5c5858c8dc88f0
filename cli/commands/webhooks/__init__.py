"""Commands for events and the webhooks that bring them."""
