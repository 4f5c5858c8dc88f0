"""URLs of servers in settings: parsed, and refused without a word of them in the message."""
