"""The callbacks of the load generators: genuine, different, and known to the vendor."""

from itertools import islice
from urllib.parse import parse_qs

import msgspec
import pytest

from bench.traffic.callbacks import API_SECRET, make_callbacks, number_of, renewed, result_body
from bench.traffic.load import status_of
from bench.traffic.paced import percentile
from bench.traffic.vendor import Answers
from domain.callback.signature import sign_data

POOL = make_callbacks(3)


def test_renewed_callbacks_are_signed_and_of_different_verifications() -> None:
    made = list(islice(renewed(POOL), 7))
    assert len({callback.biz_id for callback in made}) == 7
    for callback in made:
        form = parse_qs(callback.form)
        assert form[b"data"] == [callback.data]
        assert form[b"sign"] == [sign_data(callback.data, API_SECRET.encode())]
        assert msgspec.json.decode(callback.data)["biz_info"]["biz_id"] == callback.biz_id


def test_renewed_callbacks_count_themselves() -> None:
    assert [number_of(callback.biz_id) for callback in islice(renewed(POOL), 5)] == [0, 1, 2, 3, 4]


def test_vendor_answers_for_the_pool_and_for_renewed_callbacks() -> None:
    answers = Answers(POOL)
    for callback in [*POOL, *islice(renewed(POOL), 5)]:
        assert answers.find(callback.biz_id).endswith(result_body(callback.data))


def test_vendor_knows_no_other_biz_id() -> None:
    assert Answers(POOL).find("not a biz_id").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"200"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-le", b""),
        (b"HTTP/1.1 503 \r\ncontent-length: 0\r\n\r\n", b"503"),
    ],
)
def test_status_is_known_when_the_answer_is_complete(received: bytes, status: bytes) -> None:
    assert status_of(received) == status


def test_percentile_is_a_value_that_occurred() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (51, 100, 7)
