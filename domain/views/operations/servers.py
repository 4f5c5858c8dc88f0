"""Redis and PostgreSQL as an operator sees them: memory, durability, schema, problems."""

import msgspec


class RedisMemory(msgspec.Struct, frozen=True):
    """Bytes. `most`: the server's `maxmemory`; 0 if it has none."""

    used: int
    most: int


class RedisRoom(msgspec.Struct, frozen=True):
    """`stop_at`: the bytes in use from which the ingress spools. `refusal`: why Redis takes no writes."""

    memory: RedisMemory
    stop_at: int
    refusal: str | None

    def problems(self) -> list[str]:
        """The problems, in words."""
        problems = []
        if self.refusal is not None:
            problems.append(f"Redis takes no writes ({self.refusal})")
        if self.memory.used >= self.stop_at:
            problems.append(
                f"{self.memory.used} bytes are in use: from {self.stop_at} on callbacks are spooled"
            )
        return problems


class RedisFitness(msgspec.Struct, frozen=True):
    """`wanted`: the durability that the settings ask for. `durability`: Redis's own settings by name.

    `problems`: those that do not meet it. `batches` and `jobs` wait or run.
    """

    wanted: str
    durability: dict[str, str]
    problems: list[str]
    room: RedisRoom
    batches: int
    jobs: int


class DatabaseFitness(msgspec.Struct, frozen=True):
    """`revision` of the schema, `newest` that this code needs. `problems`: any other problems."""

    revision: str | None
    newest: str
    problems: list[str]

    @property
    def is_fit(self) -> bool:
        """Whether the gateway can work with it."""
        return self.revision == self.newest and not self.problems
