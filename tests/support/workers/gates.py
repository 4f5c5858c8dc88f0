"""The vendor gates as tests use them: calls that begin and end as the test says."""

from datetime import timedelta

from domain.pulls.answer import Answer
from tests.support.storage.stores import Clock
from tests.support.workers.jobs import answered, refused
from usecases.process.vendor_gates import RULES, Call, LeftAlone, VendorGates

FAULT = refused(500, "INTERNAL_ERROR")
GOOD = answered(b"{}")


def gates(clock: Clock, *, in_flight: int = 2, pool: int = 256) -> VendorGates:
    return VendorGates(in_flight=in_flight, monotonic=clock.monotonic, pool=pool)


async def begin(gates: VendorGates, app_id: str = "demo") -> Call:
    """Begin a call that may be made."""
    call = await gates.enter(app_id)
    assert isinstance(call, Call)
    return call


def end(gates: VendorGates, call: Call, answer: Answer) -> None:
    gates.ended(call, answer)
    gates.leave(call)


async def call(
    gates: VendorGates, answer: Answer, app_id: str = "demo", *, patience: timedelta | None = timedelta(0)
) -> timedelta | None:
    """Make a call that ends so, if one may be made; else how long the vendor is left alone."""
    begun = await gates.enter(app_id, patience=patience)
    if isinstance(begun, LeftAlone):
        return begun.pause
    end(gates, begun, answer)
    return None


async def open_circuit(door: VendorGates) -> None:
    for _ in range(RULES.threshold):
        assert await call(door, FAULT) is None
