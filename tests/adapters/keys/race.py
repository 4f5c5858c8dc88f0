"""One of several processes that create the same epochs at once: its folder, and its name."""

import asyncio
import sys
from pathlib import Path

from adapters.keys.folder import FolderKeys
from domain.identity.keys.epochs import period_of
from tests.support.storage.stores import NOW

APPS = [f"app-{n}" for n in range(20)]


async def create_all(store: FolderKeys, name: str) -> str:
    """Create every app's epoch; the keys that this process got."""
    epochs = [await store.create(period_of(app_id, NOW), f"{name} {app_id}".encode()) for app_id in APPS]
    return ",".join((epoch.wrapped or b"").decode() for epoch in epochs)


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(create_all(FolderKeys(Path(sys.argv[1])), sys.argv[2])))
