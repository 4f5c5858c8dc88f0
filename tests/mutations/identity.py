"""Guards of reading and indexing identity."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_IDENTITY: Final = (
    Mutation(
        "one number, one digest",
        "domain/identity/numbers.py",
        'unicodedata.normalize("NFKC", text)',
        "text",
        [
            "tests/domain/identity/test_numbers.py::test_however_it_is_written_it_is_one_number",
            "tests/adapters/sealing/test_blind_index.py::test_however_a_number_is_written_it_has_one_digest",
        ],
    ),
    Mutation(
        "one number, one digest",
        "adapters/sealing/blind_index.py",
        "canonical(number)",
        "number",
        ["tests/adapters/sealing/test_blind_index.py::test_however_a_number_is_written_it_has_one_digest"],
    ),
)
