"""Send webhooks to addresses that customers configured."""
