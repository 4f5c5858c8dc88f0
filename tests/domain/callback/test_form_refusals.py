"""Each way for a form to be wrong is refused by name, without an echo, and no bytes do anything else."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.callback.form import SignedForm, read_form
from domain.errors import (
    DuplicateField,
    MalformedForm,
    MissingField,
    RefusedCallback,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from tests.support.payloads.callbacks import ID_NUMBER, THOROUGH, assert_discreet, mutated, read_sample
from tests.support.payloads.forms import (
    BOUNDARY,
    MULTIPART,
    URLENCODED,
    multipart,
    named,
    part,
    signed_multipart,
    urlencoded,
)

CANARY = ID_NUMBER.encode()
DATA_PART = part(named(b"data"), CANARY)
SIGN_PART = part(named(b"sign"), CANARY)


def _refused(content_type: bytes, body: bytes) -> RefusedCallback:
    with pytest.raises(RefusedCallback) as caught:
        read_form(content_type, body)
    assert_discreet(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"data=%b&sign=s&data=%b" % (CANARY, CANARY), DuplicateField, id="data-twice"),
        pytest.param(b"data=%b&sign=s&sign=t" % CANARY, DuplicateField, id="sign-twice"),
        pytest.param(b"data=%b&d%%61ta=b&sign=s" % CANARY, DuplicateField, id="data-twice-by-escape"),
        pytest.param(b"data=%b&data&sign=s" % CANARY, DuplicateField, id="data-twice-once-bare"),
        pytest.param(b"data=&data=%b&sign=s" % CANARY, DuplicateField, id="data-twice-once-empty"),
        pytest.param(b"sign=%b" % CANARY, MissingField, id="no-data"),
        pytest.param(b"data=%b" % CANARY, MissingField, id="no-sign"),
        pytest.param(b"data=&sign=%b" % CANARY, MissingField, id="empty-data"),
        pytest.param(b"data=%b&sign=" % CANARY, MissingField, id="empty-sign"),
        pytest.param(b"data=%b&sign=\r\n" % CANARY, MissingField, id="sign-of-a-line-end"),
        pytest.param(b"data=%b;sign=s" % CANARY, MissingField, id="semicolon-as-separator"),
        pytest.param(b"Data=%b&sign=s" % CANARY, MissingField, id="upper-case-name"),
        pytest.param(b"data+=%b&sign=s" % CANARY, MissingField, id="padded-name"),
        pytest.param(b"", MissingField, id="empty-body"),
        pytest.param(b'{"data": "%b", "sign": "s"}' % CANARY, MissingField, id="json-body"),
        pytest.param(b"data=%b&sign=s" % CANARY + b"&x=1" * 7, MalformedForm, id="nine-fields"),
        pytest.param(b"&x=1" * 7 + b"&data=%b&sign=s" % CANARY, MalformedForm, id="nine-fields-ours-last"),
        pytest.param(b"data=%b%%&sign=s" % CANARY, MalformedForm, id="bare-percent"),
        pytest.param(b"data=%b%%4&sign=s" % CANARY, MalformedForm, id="half-an-escape"),
        pytest.param(b"data=%b%%4g&sign=s" % CANARY, MalformedForm, id="no-hex-digit"),
        pytest.param(b"data=%b&sign=s%%" % CANARY, MalformedForm, id="percent-at-the-end"),
        pytest.param(b"data=%b&sign=s%%4\n" % CANARY, MalformedForm, id="escape-cut-by-a-line-end"),
        pytest.param(b"data=%b&sign=s&x%%=1" % CANARY, MalformedForm, id="broken-escape-in-another-field"),
        pytest.param(b"data=%b%%u9648&sign=s" % CANARY, MalformedForm, id="javascript-escape"),
    ],
)
def test_urlencoded_bodies_that_are_refused(body: bytes, error: type[RefusedCallback]) -> None:
    assert type(_refused(URLENCODED, body)) is error


def _with_header(header: bytes) -> bytes:
    return multipart(part([named(b"data"), header], CANARY), SIGN_PART)


def _disposed(disposition: bytes) -> bytes:
    return multipart(part(b"Content-Disposition: " + disposition, CANARY), SIGN_PART)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(multipart(DATA_PART, SIGN_PART, DATA_PART), DuplicateField, id="data-twice"),
        pytest.param(multipart(DATA_PART, SIGN_PART, SIGN_PART), DuplicateField, id="sign-twice"),
        pytest.param(multipart(SIGN_PART), MissingField, id="no-data"),
        pytest.param(multipart(DATA_PART), MissingField, id="no-sign"),
        pytest.param(multipart(part(named(b"data"), b""), SIGN_PART), MissingField, id="empty-data"),
        pytest.param(multipart(), MissingField, id="no-part"),
        pytest.param(
            multipart(DATA_PART, SIGN_PART, *[part(named(b"x"), b"")] * 7), MalformedForm, id="nine"
        ),
        pytest.param(b"", MalformedForm, id="empty-body"),
        pytest.param(b"data=a&sign=s", MalformedForm, id="urlencoded-body"),
        pytest.param(DATA_PART + SIGN_PART, MalformedForm, id="no-closing-boundary"),
        pytest.param(signed_multipart(CANARY)[:-4], MalformedForm, id="closing-boundary-cut-off"),
        pytest.param(DATA_PART + SIGN_PART[:-20], MalformedForm, id="cut-off-in-a-part"),
        pytest.param(signed_multipart(CANARY).replace(b"\r\n", b"\n"), MalformedForm, id="bare-line-feeds"),
        pytest.param(_disposed(b'form-data; name="data"; filename="a"'), MalformedForm, id="filename"),
        pytest.param(_disposed(b'form-data; name="data"; filename=""'), MalformedForm, id="empty-filename"),
        pytest.param(_disposed(b'form-data; FileName=a; name="data"'), MalformedForm, id="cased-filename"),
        pytest.param(
            _disposed(b"form-data; name=data; filename*=utf-8''a"), MalformedForm, id="filename-star"
        ),
        pytest.param(_disposed(b"form-data; name=data; name*=utf-8''sign"), MalformedForm, id="name-star"),
        pytest.param(
            _disposed(b'form-data; name=data; x="; filename=a"'),
            MalformedForm,
            id="filename-that-some-would-see",
        ),
        pytest.param(_disposed(b'attachment; name="data"'), MalformedForm, id="attachment"),
        pytest.param(_disposed(b"form-data"), MalformedForm, id="no-name"),
        pytest.param(_disposed(b"form-data; name*=utf-8''data"), MalformedForm, id="name-star-alone"),
        pytest.param(multipart(part(b"X: y", CANARY), SIGN_PART), MalformedForm, id="no-disposition"),
        pytest.param(
            _with_header(b"Content-Transfer-Encoding: base64"), MalformedForm, id="transfer-encoding"
        ),
        pytest.param(
            _with_header(b"content-transfer-encoding: Quoted-Printable"), MalformedForm, id="quoted-printable"
        ),
        pytest.param(_with_header(b"content-transfer-encoding:"), MalformedForm, id="no-transfer-encoding"),
        pytest.param(_with_header(named(b"sign")), MalformedForm, id="disposition-twice"),
        pytest.param(_with_header(named(b"sign").upper()), MalformedForm, id="disposition-twice-cased"),
        pytest.param(
            multipart(part([named(b"data")] + [b"X-%d: y" % n for n in range(8)], CANARY), SIGN_PART),
            MalformedForm,
            id="nine-part-headers",
        ),
        pytest.param(_with_header(b"X-Long: " + b"y" * 1024), MalformedForm, id="part-header-too-long"),
        pytest.param(_with_header(b"no colon here"), MalformedForm, id="part-header-without-colon"),
        pytest.param(_with_header(b" folded: y"), MalformedForm, id="folded-part-header"),
    ],
)
def test_multipart_bodies_that_are_refused(body: bytes, error: type[RefusedCallback]) -> None:
    assert type(_refused(MULTIPART, body)) is error


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b";",
        b"; charset=utf-8",
        b"; boundary=",
        b'; boundary=""',
        b"; boundary*=x",
        b"; boundary=" + b"x" * 300,
    ],
)
def test_multipart_without_a_usable_boundary_is_refused(parameters: bytes) -> None:
    error = _refused(b"multipart/form-data" + parameters, signed_multipart(CANARY))
    assert type(error) is MalformedForm


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b";",
        b"application/json",
        b"text/plain",
        b"multipart/mixed; boundary=" + BOUNDARY,
        b"application/x-www-form-urlencoded2",
        b"x; application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded, text/plain",
        b"\xff\xfe",
    ],
)
def test_other_media_types_are_refused(content_type: bytes) -> None:
    assert type(_refused(content_type, urlencoded(CANARY))) is UnsupportedMediaType


PIECES = [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"--", b"--" + BOUNDARY, b"\r\n--" + BOUNDARY + b"\r\n", b'"']
PIECES += [
    b"%",
    b"%41",
    b"&",
    b"&data=x",
    b"&sign=x",
    b"=",
    b"+",
    b";",
    b"\0",
    b"\x80",
    b"; filename=",
    b"*=",
]
PARTS = [signed_multipart(b'{"a": 1}'), multipart(DATA_PART, SIGN_PART, part(named(b"x"), b""))]
FIELDS = [urlencoded(b'{"a": 1}'), b"data=a&sign=s", read_sample("older_callback_body.txt")]
PARTS_TYPES = [MULTIPART, MULTIPART + b"; charset=utf-7"]
FIELDS_TYPES = [URLENCODED, URLENCODED + b"; charset=punycode"]

fitting = st.tuples(st.sampled_from(PARTS_TYPES), mutated(PARTS, PIECES)) | st.tuples(
    st.sampled_from(FIELDS_TYPES), mutated(FIELDS, PIECES)
)
crossed = st.tuples(
    mutated(PARTS_TYPES + FIELDS_TYPES, PIECES) | st.binary(max_size=60),
    mutated(PARTS + FIELDS, PIECES) | st.binary(max_size=200),
)


@THOROUGH
@given(request=fitting | crossed)
def test_any_bytes_are_a_signed_form_or_a_named_refusal(request: tuple[bytes, bytes]) -> None:
    try:
        form = read_form(*request)
    except RefusedCallback as error:
        event(error.code)
        assert_discreet(error)
    else:
        event("read")
        assert isinstance(form, SignedForm)
        assert form.data
        assert form.sign


@THOROUGH
@given(body=mutated([urlencoded(b'{"a": 1}'), b"data=a&sign=s"], PIECES))
def test_what_is_read_is_the_one_way_to_read_it(body: bytes) -> None:
    """Another reader, the standard library's, sees the same two fields and none twice."""
    with suppress(RefusedCallback):
        form = read_form(URLENCODED, body)
        text = body.rstrip(b"\r\n").decode("latin-1")
        pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1")
        assert [value.encode("latin-1") for name, value in pairs if name == "data"] == [form.data]
        assert [value.encode("latin-1") for name, value in pairs if name == "sign"] == [form.sign]
        assert len(pairs) <= 8


def test_an_endless_content_type_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MalformedForm):
        read_form(b"multipart/form-data; boundary=x" + b"; a=b" * 10_000, b"--x--\r\n")


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
@pytest.mark.parametrize("encoding", [b"gzip", b"x-gzip", b"Deflate", b"br", b"identity, gzip"])
def test_a_compressed_body_is_refused_as_such(
    content_type: bytes, compress: Callable[[bytes], bytes], encoding: bytes
) -> None:
    body = compress(urlencoded(CANARY) if content_type == URLENCODED else signed_multipart(CANARY))
    with pytest.raises(UnsupportedEncoding):
        read_form(content_type, body, content_encoding=encoding)


@pytest.mark.parametrize(
    "body", [b"a&" * 130_000, b"=&" * 130_000, b"&" * 262_000, b"data=1" + b"&" * 262_000 + b"s"]
)
def test_many_fields_are_refused_before_they_are_split(body: bytes) -> None:
    tracemalloc.start()
    _refused(URLENCODED, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body), "no list entry for each"


def test_many_delimiters_are_refused_before_they_are_parsed() -> None:
    """python-multipart takes 23 ms for 262 kB of `--boundary` that are followed by anything else."""
    lookalikes = (b"\r\n--" + BOUNDARY + b"x") * 9
    refused = _refused(MULTIPART, signed_multipart(CANARY + lookalikes))
    assert "more than 8 fields" in str(refused)
    assert read_form(MULTIPART, signed_multipart(CANARY + lookalikes[: len(lookalikes) * 6 // 9]))
