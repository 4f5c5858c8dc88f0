"""Redis's memory as an operator sees it: in use, where the ingress stops, where Redis itself does."""

import msgspec


class RedisMemory(msgspec.Struct, frozen=True):
    """Bytes. `most`: the server's `maxmemory`; 0 if it has none."""

    used: int
    most: int


class RedisRoom(msgspec.Struct, frozen=True):
    """`stop_at`: the bytes in use from which on the ingress spools. `refusal`: why Redis takes no writes."""

    memory: RedisMemory
    stop_at: int
    refusal: str | None

    def problems(self) -> list[str]:
        """What is wrong with it, in words."""
        found = []
        if self.refusal is not None:
            found.append(f"Redis takes no writes ({self.refusal})")
        if self.memory.used >= self.stop_at:
            found.append(f"{self.memory.used} bytes are in use: from {self.stop_at} on callbacks are spooled")
        return found
