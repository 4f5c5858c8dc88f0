"""Write the golden files again."""

from tests.domain.golden import CALLBACKS, explanations_on, file_of, written

for sample in CALLBACKS:
    file_of(sample).write_text(written(explanations_on(sample)), "utf-8")
