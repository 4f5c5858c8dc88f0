"""Facts as no vendor would send them, and facts that pass or nearly pass."""

from math import inf, nan
from typing import Any

from hypothesis import strategies as st

from domain.facts import ComparisonFacts, Facts
from tests.domain.builders import GENUINE, THRESHOLDS, compared, passing_facts

any_number = st.floats() | st.sampled_from([0.0, 0.5, 1.0, 64.0, 74.0, 91.0, nan, inf, -inf])
words = (
    st.sampled_from(["OK", "PASS", "FAIL", "OTHER", "CANCELLED", "NO_FACE_FOUND", "will", "0"]) | st.text()
)
genuineness = st.dictionaries(
    st.sampled_from(
        [*GENUINE, "face_replaced", "selfie_inconsistent", "selfie_metadata_inconsistent", "unheard_of"]
    ),
    any_number,
)
comparisons = st.dictionaries(
    st.sampled_from(["result_faceid", "result_ref1", "result_idcard_photo"]),
    st.builds(
        ComparisonFacts,
        any_number,
        st.dictionaries(st.sampled_from([*THRESHOLDS, "1e-9"]), any_number),
        st.none() | words,
    ),
)
any_facts = st.builds(
    Facts,
    status=st.none() | words,
    liveness=st.none() | words,
    procedure_type=st.none() | words,
    genuineness=genuineness,
    comparisons=comparisons,
    error_message=st.none() | words,
    id_attacked=st.none() | any_number,
    id_photo_monochrome=st.none() | any_number,
    will=st.none() | words,
    multifaces_tag=st.none() | words,
)
PASSING_TOO: dict[str, st.SearchStrategy[Any]] = {
    "procedure_type": st.sampled_from([None, "video", "flash"]),
    "genuineness": st.just({})
    | st.floats(0, 0.5).map(lambda score: {"mask_confidence": score, "mask_threshold": 0.5}),
    "comparisons": st.floats(74, 100).map(compared),
    "id_attacked": st.sampled_from([None, 0]),
    "multifaces_tag": st.sampled_from([None, "0"]),
}
near_passes = st.fixed_dictionaries({}, optional=PASSING_TOO).map(lambda changed: passing_facts(**changed))
facts = near_passes | any_facts
