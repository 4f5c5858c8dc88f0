"""What asyncio lacks: group commit, an end for background tasks, long work in short pieces."""
