"""Additions to asyncio: group commit, ending background tasks, long work in short pieces."""
