"""Send webhooks to addresses that customers named."""
