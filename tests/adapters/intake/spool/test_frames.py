"""Complete frames are found whatever bytes are before, between or after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.intake.spool.frames import MARK, NUMBERED, Frame, encode_frame, scan_frames
from tests.support.storage.spools import encoded, frame, frames

PLAIN = st.uuids().map(lambda each: each.hex)
BATCH_IDS = PLAIN | st.builds("{}.{}".format, PLAIN, st.integers(0, 65_535))
WRITTEN = st.lists(st.builds(Frame, BATCH_IDS, st.binary(min_size=1, max_size=300)), max_size=8)


@given(written=WRITTEN)
def test_written_frames_are_read_back(written: list[Frame]) -> None:
    content = encoded(*written)
    scan = scan_frames(content)
    assert (scan.frames, scan.end, scan.damaged) == (written, len(content), 0)


def test_cut_at_any_byte_exactly_the_whole_frames_are_left() -> None:
    written = frames(3)
    content, size = encoded(*written), len(encoded(written[0]))
    for cut in range(len(content) + 1):
        scan = scan_frames(content[:cut])
        whole = cut // size
        assert (scan.frames, scan.end, scan.damaged) == (written[:whole], whole * size, 0)


def test_each_changed_bit_loses_only_its_own_frame() -> None:
    written = frames(3)
    content, size = encoded(*written), len(encoded(written[0]))
    for place in range(size, 2 * size):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            scan = scan_frames(bytes(changed))
            assert scan.frames == [written[0], written[2]]
            assert (scan.end, scan.damaged) == (3 * size, size)


@pytest.mark.parametrize(
    "tail", [b"\0", b"\0" * 4096, MARK, MARK + b"\0" * 100, b"\xff" * 100, MARK * 50, NUMBERED * 9]
)
def test_zeros_left_by_a_power_cut_are_not_frames(tail: bytes) -> None:
    content = encoded(*frames(2))
    scan = scan_frames(content + tail)
    assert (scan.frames, scan.end, scan.damaged) == (frames(2), len(content), 0)


@pytest.mark.parametrize("batch_id", ["0" * 32, f"{0:032x}.64"])
def test_an_empty_batch_is_no_frame(batch_id: str) -> None:
    assert scan_frames(encode_frame(Frame(batch_id, b""))).frames == []


@pytest.mark.parametrize("batch_id", ["", "0" * 32 + ".", "0" * 32 + ".many", "0" * 32 + ".01", "xyz"])
def test_an_id_of_another_shape_is_not_written(batch_id: str) -> None:
    with pytest.raises(ValueError, match="no batch id"):
        encode_frame(Frame(batch_id, b"sealed"))


@given(content=st.binary(max_size=600))
def test_arbitrary_bytes_hold_no_frame(content: bytes) -> None:
    assert scan_frames(content).frames == []


@given(before=st.binary(max_size=100), between=st.binary(max_size=100), behind=st.binary(max_size=100))
def test_frames_are_found_between_arbitrary_bytes(before: bytes, between: bytes, behind: bytes) -> None:
    content = before + encoded(frame(1)) + between + encoded(frame(2))
    scan = scan_frames(content + behind)
    assert scan.frames == [frame(1), frame(2)]
    assert (scan.end, scan.damaged) == (len(content), len(before) + len(between))


def test_the_format_is_this_one() -> None:
    """Segments outlive an update: change it, and the new version must read the old one."""
    expected = "f5535031 14000000 5c58ad6e 000102030405060708090a0b0c0d0e0f 61626364"
    written = encode_frame(Frame(bytes(range(16)).hex(), b"abcd"))
    assert written.hex() == expected.replace(" ", "")
    numbered = encode_frame(Frame(f"{bytes(range(16)).hex()}.64", b"abcd"))
    expected = "f5535032 16000000 dd276228 000102030405060708090a0b0c0d0e0f 4000 61626364"
    assert numbered.hex() == expected.replace(" ", "")
