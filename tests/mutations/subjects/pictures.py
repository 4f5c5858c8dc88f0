"""Guards of the pictures of results."""

from typing import Final

from tests.mutations.mutation import Mutation

_KEEP: Final = "tests/usecases/pictures/test_keep.py"
_ERASED: Final = "tests/adapters/store/identity/pictures/test_pieces.py"
_ROUTES: Final = "tests/service/api/routes/identity/test_pictures.py"

OF_PICTURES: Final = (
    Mutation(
        "sealed before stored",
        "usecases/pictures/keep.py",
        "lease.key.seal(picture.content, place=place)",
        "picture.content",
        [f"{_KEEP}::test_pieces_are_sealed_for_their_place_alone"],
    ),
    Mutation(
        "no pictures in the database",
        "usecases/pulls/call.py",
        "        pull = await _without_pictures(context, app, pull)\n",
        "",
        [f"{_KEEP}::test_result_is_recorded_without_its_pictures"],
    ),
    Mutation(
        "noted before they are put",
        "usecases/pictures/keep.py",
        "await self._rows.begin(lease, pictures, now=self._clock())",
        "bool(pictures)",
        [f"{_KEEP}::test_what_a_killed_worker_leaves_is_deleted_a_day_later[after_pictures-2]"],
    ),
    Mutation(
        "a store that failed rests",
        "usecases/pictures/keep.py",
        "except (ServerAway, TimeoutError) as error:",
        "except ZeroDivisionError as error:",
        [f"{_KEEP}::test_store_that_failed_rests_and_is_used_again"],
    ),
    Mutation(
        "erased with their verification",
        "adapters/store/identity/erasure.py",
        "    Place.PICTURES.value: text(ERASE_PICTURES),\n",
        "",
        [f"{_ERASED}::test_erasure_takes_pictures_and_counts_them"],
    ),
    Mutation(
        "files before rows",
        "usecases/pictures/sweep.py",
        "                await self._store.delete(each.verification_id, each.pieces)\n",
        "                pass\n",
        [f"{_ERASED}::test_pieces_are_deleted_before_their_rows"],
    ),
    Mutation(
        "a scope for each field",
        "domain/identity/reading.py",
        'Field.IMAGES: "identity:images"',
        'Field.IMAGES: "identity:name"',
        [f"{_ROUTES}::test_names_scope_shows_no_pictures"],
    ),
    Mutation(
        "a scope for each field",
        "adapters/store/identity/reads.py",
        '    body = take_pictures(raw)[0] if document.kind == "result" else raw\n',
        "    body = raw\n",
        [f"{_ROUTES}::test_export_shows_no_picture_that_an_older_version_kept_in_its_result"],
    ),
    Mutation(
        "audit before the answer",
        "usecases/identity/read.py",
        "        await self._reads.note([row], limit=self._limit)\n",
        "        if images is None:\n            await self._reads.note([row], limit=self._limit)\n",
        [f"{_ROUTES}::test_nothing_is_answered_if_the_audit_cannot_be_written"],
    ),
)
