"""When a registration is due, by the rules of its process; the rest: tests/usecases/ports."""

from datetime import timedelta

from adapters.store.recording.registrations import PgRegistrations
from domain.apps.registration import Registration
from domain.pulls.reconciliation import ReconcileRules
from tests.support.storage.stores import NOW, Store, biz_id


async def test_the_rules_say_when_it_is_looked_at(store: Store) -> None:
    rules = ReconcileRules(grace=timedelta(seconds=1))
    impatient = PgRegistrations(store.engine, keys=store.data_keys, rules=rules)
    registration = Registration("order-1", NOW, NOW + timedelta(minutes=50))
    await impatient.register("demo", biz_id(), registration, by="token:orders")
    assert await store.rows("SELECT due_at FROM verifications") == [(NOW + timedelta(minutes=50, seconds=1),)]
