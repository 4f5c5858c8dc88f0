"""What we know: the vendor's protocol and our rules. Pure Python, no network, disk, clock or framework."""
