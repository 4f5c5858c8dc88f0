"""Raw bytes come back as they were; who does not know the compression cannot open them."""

import hashlib
from pathlib import Path

import pytest

import adapters.sealing.compression.raw
from adapters.sealing.compression.raw import MOST, open_raw, seal_raw
from adapters.sealing.envelope import SealingKey, place_of
from domain.errors import BrokenSeal

KEY = SealingKey(b"k" * 32)
PLACE = place_of("demo", "callbacks.raw_ct", 1)
SAMPLES = Path(__file__).parents[3] / "support" / "samples"


@pytest.mark.parametrize("compress", [True, False], ids=["compressed", "plain"])
@pytest.mark.parametrize("raw", [b"", b"{}", b"\x28\xb5\x2f\xfd", bytes(MOST), bytes(MOST + 1)])
def test_what_is_sealed_comes_back(raw: bytes, compress: bool) -> None:
    assert open_raw(KEY, seal_raw(KEY, raw, place=PLACE, compress=compress), place=PLACE) == raw


def test_what_an_older_version_sealed_opens() -> None:
    assert open_raw(KEY, KEY.seal(b"{}", place=PLACE), place=PLACE) == b"{}"


def test_an_older_version_cannot_open_what_is_compressed() -> None:
    """Were it to take compressed bytes for the vendor's, it would decide on an unreadable result."""
    with pytest.raises(BrokenSeal):
        KEY.unseal(seal_raw(KEY, b"{}", place=PLACE, compress=True), place=PLACE)


def test_an_older_version_opens_what_is_not_compressed() -> None:
    assert KEY.unseal(seal_raw(KEY, b"{}", place=PLACE, compress=False), place=PLACE) == b"{}"


@pytest.mark.parametrize("compress", [True, False], ids=["compressed", "plain"])
def test_it_opens_in_no_other_place(compress: bool) -> None:
    sealed = seal_raw(KEY, b"{}", place=PLACE, compress=compress)
    with pytest.raises(BrokenSeal):
        open_raw(KEY, sealed, place=place_of("demo", "callbacks.raw_ct", 2))


def test_sealed_bytes_that_do_not_decompress_are_a_broken_seal() -> None:
    sealed = KEY.seal(b"no frame", place=f"{PLACE}/{adapters.sealing.compression.raw.FORMAT}")
    with pytest.raises(BrokenSeal, match="do not decompress"):
        open_raw(KEY, sealed, place=PLACE)


def test_a_result_takes_a_fifth() -> None:
    result = (SAMPLES / "result_with_attack.json").read_bytes()
    sealed = seal_raw(KEY, result, place=PLACE, compress=True)
    assert len(sealed) < len(result) / 5


def test_the_dictionary_stays_as_it_is() -> None:
    """Every compressed row needs it. A better one is another file with another name of the format."""
    content = Path(adapters.sealing.compression.raw.__file__).with_name("vendor_1.dict").read_bytes()
    expected = "06920fe3c80299c907389c7c719bbfd942c877c5db5387337ed83de823c4d97c"
    assert hashlib.sha256(content).hexdigest() == expected
