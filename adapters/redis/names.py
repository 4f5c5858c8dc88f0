"""The names of all keys and channels of the gateway in Redis, under one prefix.

Two gateways, or a gateway and another program, can share a Redis database if their prefixes differ.
arq's own keys (`arq:job:…`) have no prefix, so every job id carries it.
"""

from typing import Final

import msgspec

DEFAULT_PREFIX: Final = "faceid:"


class RedisNames(msgspec.Struct, frozen=True):
    """Names under `prefix`, which is empty or ends with a colon by convention."""

    prefix: str = DEFAULT_PREFIX

    @property
    def queue(self) -> str:
        """arq's queue: a sorted set of job ids."""
        return f"{self.prefix}queue"

    @property
    def batch(self) -> str:
        """Prefix of a batch's key; its id follows."""
        return f"{self.prefix}inbox:"

    @property
    def pending(self) -> str:
        """Sorted set of the batches that no worker has claimed yet; score: when each was accepted, ms."""
        return f"{self.prefix}inbox:pending"

    @property
    def claimed(self) -> str:
        """Sorted set of the batches that a worker has claimed; score: when its lease ends, ms."""
        return f"{self.prefix}inbox:claimed"

    @property
    def starts(self) -> str:
        """Hash: how often each claimed batch was claimed."""
        return f"{self.prefix}inbox:starts"

    @property
    def unreadable(self) -> str:
        """Sorted set of the batches that no configured master key decrypts; score: since when, ms."""
        return f"{self.prefix}inbox:unreadable"

    @property
    def rates(self) -> str:
        """Prefix of the counters of the api's rates."""
        return f"{self.prefix}rates"

    @property
    def processes(self) -> str:
        """Set of the ids of all processes with a heartbeat."""
        return f"{self.prefix}heartbeats"

    def heartbeat(self, process_id: str) -> str:
        """A process's last heartbeat; expires after three missed beats."""
        return f"{self.prefix}heartbeat:{process_id}"

    @property
    def probe(self) -> str:
        """Key that is written to test whether Redis takes writes."""
        return f"{self.prefix}ingress:probe"

    @property
    def decided(self) -> str:
        """Channel: the keys of verifications that were decided, 16 bytes each."""
        return f"{self.prefix}verifications:decided"

    @property
    def events(self) -> str:
        """Channel: the event log may have new events. The messages are empty."""
        return f"{self.prefix}events"

    @property
    def reload(self) -> str:
        """Channel: read the policies again."""
        return f"{self.prefix}policies:reload"

    @property
    def reloads(self) -> str:
        """Counter of reload orders, so that a process notices an order that it missed."""
        return f"{self.prefix}policies:generation"

    @property
    def mark(self) -> str:
        """The gateway that uses these names; expires an hour after its last worker."""
        return f"{self.prefix}gateway"

    def job(self, name: str) -> str:
        """A job's id."""
        return f"{self.prefix}{name}"


DEFAULT_NAMES: Final = RedisNames()
