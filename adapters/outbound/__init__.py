"""What the gateway calls: the vendor, receivers of webhooks and alerts, and where blocks and pictures go."""
