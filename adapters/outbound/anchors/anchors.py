"""The anchors that the settings name."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.outbound.anchors.file import AnchorFile
from adapters.outbound.anchors.timestamps import TimestampAnchor
from adapters.store.audit.timestamps import PgTimestamps


def anchors_of(
    *, file: Path | None, tsa_url: str | None, engine: AsyncEngine
) -> list[AnchorFile | TimestampAnchor]:
    """The file and the time stamping authority, as far as they are configured."""
    anchors: list[AnchorFile | TimestampAnchor] = []
    if file is not None:
        anchors.append(AnchorFile(file))
    if tsa_url is not None:
        anchors.append(TimestampAnchor(tsa_url, PgTimestamps(engine)))
    return anchors
