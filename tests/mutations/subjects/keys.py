"""Guards of the epoch keys."""

from typing import Final

from tests.mutations.mutation import Mutation

_CONTRACT: Final = "tests/usecases/ports/identity/test_key_stores.py"
_SERVICES: Final = "tests/adapters/keys/services/test_services.py"
_STORE: Final = "tests/adapters/store/identity/keys"

OF_THE_KEYS: Final = (
    Mutation(
        "destroyed epochs stay destroyed",
        "adapters/keys/folder.py",
        "            put_new(self._path(epoch_id, DESTROYED), msgspec.json.encode(tombstone), self._disk)",
        "            pass",
        [f"{_CONTRACT}::test_destroyed_epoch_has_no_key_and_never_returns[folder]"],
    ),
    Mutation(
        "destroyed epochs stay destroyed",
        "adapters/keys/postgresql.py",
        "UPDATE faceid_key_epochs SET wrapped = NULL, destroyed_at = :now WHERE id = :id AND",
        "DELETE FROM faceid_key_epochs WHERE id = :id AND CAST(:now AS timestamptz) IS NOT NULL AND",
        [f"{_CONTRACT}::test_destroyed_epoch_has_no_key_and_never_returns[postgresql]"],
    ),
    Mutation(
        "destroyed epochs stay destroyed",
        "domain/identity/keys/marks.py",
        "seen.destroyed < known.destroyed or ",
        "",
        ["tests/adapters/keys/test_guarded.py::test_store_that_brings_a_destroyed_epoch_back_is_refused"],
    ),
    Mutation(
        "destroyed epochs stay destroyed",
        "adapters/keys/services/store.py",
        "                await self._service.destroy(_read(stored.wrapped).key)",
        "                pass",
        [f"{_SERVICES}::test_registry_from_a_backup_opens_nothing_of_a_destroyed_epoch"],
    ),
    Mutation(
        "one key for an epoch",
        "adapters/keys/epoch_files.py",
        "        os.link(beside, path)",
        "        beside.replace(path); beside.touch()",
        ["tests/adapters/keys/test_folder.py::test_first_file_stays_without_locks"],
    ),
    Mutation(
        "one key for an epoch",
        "adapters/keys/postgresql.py",
        ":ends, :wrapped) ON CONFLICT DO NOTHING",
        ":ends, :wrapped) ON CONFLICT (id) DO UPDATE SET wrapped = EXCLUDED.wrapped",
        [f"{_CONTRACT}::test_first_key_of_an_epoch_stays[postgresql]"],
    ),
    Mutation(
        "epoch keys have a place",
        "adapters/keys/epochs.py",
        'return place_of(period.app_id, "key_epochs.wrapped", period.id)',
        'return "key_epochs.wrapped"',
        ["tests/adapters/keys/test_epochs.py::test_wrapped_key_opens_only_as_its_own_epoch"],
    ),
    Mutation(
        "epoch keys have a place",
        "adapters/keys/data_keys.py",
        "        data_key, wrapped = new_key_under(key, place=place)",
        '        data_key, wrapped = new_key_under(key, place="")',
        [f"{_STORE}/test_under_epochs.py::test_another_process_continues"],
    ),
    Mutation(
        "the data's own key store",
        "domain/identity/keys/marks.py",
        "if known.id != seen.id:",
        "if False:",
        ["tests/adapters/keys/test_guarded.py::test_another_store_is_refused"],
    ),
    Mutation(
        "the data's own key store",
        "adapters/keys/guarded.py",
        "        if epoch.wrapped == wrapped:\n            await self.check()",
        "        if epoch.wrapped == wrapped:\n            pass",
        ["tests/adapters/keys/test_guarded.py::test_store_that_lacks_an_epoch_is_refused"],
    ),
    Mutation(
        "absent keys break no seal",
        "adapters/store/schedule/due.py",
        "                    opened.append(self._open(row))",
        "                    opened.append(self._open(row))\n                    continue\n"
        "                sealed.add(row.id)",
        [f"{_STORE}/test_under_epochs.py::test_claim_leaves_what_the_absent_key_store_opens"],
    ),
    Mutation(
        "keys change by compare-and-set",
        "adapters/store/identity/keys/wrapped.py",
        "WHERE k.id = w.id AND k.wrapped_key = w.old AND k.id = ANY($1::uuid[])",
        "WHERE k.id = w.id AND k.id = ANY($1::uuid[])",
        [f"{_STORE}/test_rewrap.py::test_erased_row_gets_no_key_again"],
    ),
    Mutation(
        "destroyed epochs stay destroyed",
        "domain/identity/keys/epochs.py",
        "return now >= self.period.ends + GRACE",
        "return True",
        ["tests/adapters/keys/test_guarded.py::test_epoch_that_a_late_clock_may_write_to_is_not_destroyed"],
    ),
    Mutation(
        "older readers",
        "adapters/keys/data_keys.py",
        "        if self._epochs is None or not self._readable():",
        "        if self._epochs is None:",
        ["tests/adapters/keys/test_data_keys.py::test_older_format_is_written_while_an_older_process_lives"],
    ),
)
