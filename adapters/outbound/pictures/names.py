"""The name of a piece in a store: of the verification's id, without identity, spread over 256 folders."""

from uuid import UUID


def name_of(verification_id: UUID, piece: str) -> str:
    """`d3/d3…-….1-0` for piece `1-0` of the verification `d3…`."""
    return f"{verification_id.hex[:2]}/{verification_id}.{piece}"
