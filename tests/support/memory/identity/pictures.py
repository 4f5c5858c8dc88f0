"""A store of pictures in memory, which a test may take away."""

from collections.abc import Collection, Mapping
from uuid import UUID

from domain.errors import PicturesAway


class MemoryPictures:
    """Pieces by verification and name. `away`: every call fails."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[UUID, str], bytes] = {}
        self.away = False

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces."""
        self._try()
        self.pieces |= {(verification_id, name): content for name, content in pieces.items()}

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none."""
        self._try()
        return self.pieces.get((verification_id, piece))

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces."""
        self._try()
        for piece in pieces:
            self.pieces.pop((verification_id, piece), None)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _try(self) -> None:
        if self.away:
            raise PicturesAway("the test took it away")
