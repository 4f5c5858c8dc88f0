"""Guards of erasures, legal holds and retention."""

from typing import Final

from tests.mutations.mutation import Mutation

_STORE: Final = "tests/adapters/store/identity"
_API: Final = "tests/service/api/routes/identity"
_CONSOLE: Final = "tests/service/console/pages/verifications"

OF_ERASURES: Final = (
    Mutation(
        "an old backup is not served",
        "adapters/processes/keys.py",
        "            await _check_erasures(process, process.key_store, erased=state.erased, apply=apply)\n",
        "",
        ["tests/adapters/processes/test_keys.py::test_database_that_lacks_erasures_stops_the_start"],
    ),
    Mutation(
        "an old backup is not served",
        "adapters/processes/keys.py",
        "            end()\n            return\n",
        "            pass\n",
        ["tests/adapters/processes/test_keys.py::test_database_that_lacks_erasures_ends_a_running_process"],
    ),
    Mutation(
        "an old backup is not served",
        "adapters/store/identity/applied.py",
        "                if not missing:\n",
        "                if True:\n",
        [f"{_STORE}/test_restored.py::test_a_gap_is_not_passed_over"],
    ),
    Mutation(
        "an old backup is not served",
        "adapters/store/identity/erasure.py",
        "WHERE (CAST(:app_id AS text) IS NULL OR app_id = :app_id)",
        "WHERE app_id = :app_id",
        [f"{_STORE}/test_restored.py::test_dead_letter_of_a_verification_that_the_backup_does_not_know_goes"],
    ),
    Mutation(
        "letters of what is not recorded are erased",
        "adapters/store/identity/erasure.py",
        '(known or not await self._letters(connection, key["id"], app_id))',
        "True",
        [f"{_STORE}/test_letters_alone.py::test_letters_of_this_biz_id_and_app_go"],
    ),
    Mutation(
        "letters of what is not recorded are erased",
        "adapters/store/dead_letters.py",
        """            await connection.execute(new_letters.ADD, {"id": named})\n""",
        "",
        [f"{_STORE}/test_letters_alone.py::test_a_letter_waits_for_the_begin_of_an_erasure"],
    ),
    Mutation(
        "letters of what is not recorded are erased",
        "adapters/store/identity/erasure.py",
        "            await connection.execute(new_letters.STOP, key)\n",
        "",
        [f"{_STORE}/test_letters_alone.py::test_it_waits_for_a_letter_under_way"],
    ),
    Mutation(
        "ledger before the erasure",
        "usecases/identity/erase.py",
        "        position = await ledger.append(ledger_key(each), at=at)\n",
        "        position = 1\n",
        [f"{_STORE}/test_restored.py::test_old_backup_is_noticed_and_brought_up_to_date"],
    ),
    Mutation(
        "nothing identifies the erased again",
        "adapters/store/recording/recorder.py",
        "        if row.wrapped_key == wrapped or row.erased:",
        "        if row.wrapped_key == wrapped:",
        [f"{_STORE}/test_erasure.py::test_late_callback_brings_no_identity_back"],
    ),
    Mutation(
        "holds win",
        "adapters/store/identity/erasure.py",
        """            if await connection.scalar(_HELD, {"ids": ids}):\n                raise LegalHold\n""",
        "",
        [f"{_STORE}/test_erasure.py::test_held_verification_stays_until_the_hold_is_lifted"],
    ),
    Mutation(
        "holds win",
        "adapters/store/identity/erasure.py",
        """scalar(_HELD, {"ids": ids})""",
        """scalar(_HELD, {"ids": [verification_id]})""",
        [f"{_STORE}/test_moved.py::test_a_hold_at_another_app_of_the_account_wins"],
    ),
    Mutation(
        "holds win",
        "adapters/store/recording/takeovers.py",
        "        await connection.execute(_COPY_HOLD, ids)\n",
        "",
        [f"{_STORE}/test_moved.py::test_a_hold_follows_what_is_moved"],
    ),
    Mutation(
        "holds win",
        "adapters/store/identity/retention.py",
        "        free = [each for each in ids if each not in held]",
        "        free = ids",
        [f"{_STORE}/test_retention.py::test_a_hold_keeps_data_and_epoch_until_it_is_lifted"],
    ),
    Mutation(
        "holds win",
        "adapters/store/identity/deletion.py",
        """    return f"({_IS_DONE.format(id=row_id)} AND NOT {is_held(row_id)})"\n""",
        """    return f"({_IS_DONE.format(id=row_id)})"\n""",
        [f"{_STORE}/test_deletion.py::test_held_decisions_stay_and_are_not_overdue"],
    ),
    Mutation(
        "holds win",
        "adapters/store/dead_letters.py",
        "delete(dead_letters).where(which, _IS_FREE)",
        "delete(dead_letters).where(which)",
        ["tests/adapters/store/test_dead_letters.py::test_a_letter_of_a_held_verification_stays"],
    ),
    Mutation(
        "nobody deletes what is young, held or not erased",
        "adapters/postgres/migrations/versions/0032_deletion_by_age.py",
        "    WHERE v.id = ANY(gone) AND v.erased_at IS NOT NULL AND v.state IN ('decided', 'expired')\n",
        "    WHERE v.id = ANY(gone)\n",
        [f"{_STORE}/test_deletion.py::test_the_function_itself_checks_age_erasure_and_holds"],
    ),
    Mutation(
        "nobody deletes what is young, held or not erased",
        "adapters/postgres/migrations/versions/0032_deletion_by_age.py",
        "LEAST(before, now() - interval '180 days')",
        "before",
        ["tests/adapters/store/audit/test_roles.py::test_it_cannot_purge_what_is_young"],
    ),
    Mutation(
        "holds win",
        "adapters/postgres/migrations/versions/0032_deletion_by_age.py",
        "a.subject AND h.lifted_at IS NULL)\n      ORDER BY",
        "a.subject AND false)\n      ORDER BY",
        [f"{_STORE}/test_deletion.py::test_rows_about_a_held_verification_stay"],
    ),
    Mutation(
        "a confirmed form erases",
        "service/console/pages/verifications/erasure.py",
        """        if form["confirmed"] != "yes":""",
        "        if False:",
        [f"{_CONSOLE}/test_erasure.py::test_what_will_go_comes_first_and_the_receipt_last"],
    ),
    Mutation(
        "the same erasure has the same receipt",
        "usecases/identity/erase_person.py",
        "        ends += [PersonEnd(each.biz_id, each) for each in earlier if each.biz_id not in known]\n",
        "",
        [f"{_API}/test_erasures.py::test_a_person_is_erased_by_number_except_what_is_held"],
    ),
    Mutation(
        "epochs go when they are empty",
        "usecases/identity/retain.py",
        "            destroyed = empty and await keys.destroy(epoch.id, now=now)",
        "            return empty",
        [f"{_STORE}/test_retention.py::test_the_epochs_key_is_destroyed_when_nothing_is_left"],
    ),
    Mutation(
        "epochs go when they are empty",
        "usecases/identity/retain.py",
        "            destroyed = empty and await keys.destroy(epoch.id, now=now)",
        "            destroyed = await keys.destroy(epoch.id, now=now)",
        [f"{_STORE}/test_retention.py::test_an_open_verification_keeps_its_data_and_epoch"],
    ),
)
