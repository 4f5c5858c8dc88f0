"""Write the golden files again."""

from tests.domain.golden import CALLBACKS, decisions_on, file_of, written

for sample in CALLBACKS:
    file_of(sample).write_text(written(decisions_on(sample)), "utf-8")
