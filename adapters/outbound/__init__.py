"""What the gateway calls: the vendor, webhook receivers, and chats for alerts."""
