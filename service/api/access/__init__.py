"""What a request passes before its endpoint: its token, its share, the size of its body."""
