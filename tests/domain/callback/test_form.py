"""The bytes that were signed come out of the form as they were sent, whatever the encoding."""

from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.callback.form import SignedForm, read_form
from tests.support.payloads.callbacks import THOROUGH, read_sample
from tests.support.payloads.forms import (
    BOUNDARY,
    MULTIPART,
    SIGN,
    URLENCODED,
    multipart,
    named,
    part,
    signed_multipart,
    urlencoded,
)


def test_the_captured_body_is_read() -> None:
    body = read_sample("older_callback_body.txt")
    expected = dict(parse_qsl(body.decode(), strict_parsing=True))

    form = read_form(URLENCODED, body)

    assert form == SignedForm(expected["data"].encode(), b"baa3ea9461d77a7e9a68d29c4f9e919649fd8a62")
    assert form.data.startswith(b'{"verify_result": {"time_used": 1079, ')


@THOROUGH
@given(data=st.binary(min_size=1), sign=st.binary(min_size=1))
@example(data=b"\r\n", sign=b"\r\n")
@example(data=b"=\n==&%;+", sign=b"%")
def test_whatever_urlencode_writes_is_read_back(data: bytes, sign: bytes) -> None:
    assert read_form(URLENCODED, urlencoded(data, sign)) == (data, sign)


edges = st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"\r\n--", BOUNDARY, b"\r\n--" + BOUNDARY[:-1]])
part_values = (
    st.lists(edges | st.binary(max_size=8), min_size=1, max_size=8)
    .map(b"".join)
    .filter(lambda value: value and b"\r\n--" + BOUNDARY not in value)
)


@THOROUGH
@given(data=part_values, sign=part_values)
@example(data=bytes(range(256)), sign=SIGN)
def test_whatever_a_multipart_part_holds_is_read_back(data: bytes, sign: bytes) -> None:
    assert read_form(MULTIPART, signed_multipart(data, sign)) == (data, sign)


escapes = st.integers(0, 255).flatmap(lambda byte: st.sampled_from([b"%%%02x" % byte, b"%%%02X" % byte]))
bare_bytes = st.binary(min_size=1, max_size=4).map(lambda raw: raw.replace(b"%", b"").replace(b"&", b""))
escaped_values = st.lists(escapes | bare_bytes | st.just(b"+"), min_size=1).map(b"".join).filter(bool)


@THOROUGH
@given(value=escaped_values)
@example(value=b"=\r\n=3D==\n")
@example(value=b"a=\n")
def test_escapes_are_decoded_as_the_standard_library_does(value: bytes) -> None:
    form = read_form(URLENCODED, b"data=" + value + b"&sign=" + SIGN)

    assert form.data == unquote_to_bytes(value.replace(b"+", b" "))


@pytest.mark.parametrize(
    ("body", "data"),
    [
        pytest.param(b"data=a+b&sign=s", b"a b", id="plus-is-a-space"),
        pytest.param(b"data=a%2Bb&sign=s", b"a+b", id="escaped-plus"),
        pytest.param(b"data=1462259748%2C52b1&sign=s", b"1462259748,52b1", id="comma-of-the-biz-id"),
        pytest.param(b"data=%e9%99%88&sign=s", "陈".encode(), id="lower-case-escapes"),
        pytest.param(b"data=%E9%99%88&sign=s", "陈".encode(), id="upper-case-escapes"),
        pytest.param(b"data=%eA%Ff&sign=s", b"\xea\xff", id="mixed-case-escapes"),
        pytest.param("data=陈大文&sign=s".encode(), "陈大文".encode(), id="raw-utf-8"),
        pytest.param(b"data=%5Cu9648&sign=s", b"\\u9648", id="json-escape-stays"),
        pytest.param(b"data=a;sign=x&sign=s", b"a;sign=x", id="semicolon-separates-nothing"),
        pytest.param(b"data=a=b=&sign=s", b"a=b=", id="equals-signs-in-the-value"),
        pytest.param(b"data=%00&sign=s", b"\0", id="nul"),
        pytest.param(b"data=%2525&sign=s", b"%25", id="decoded-once"),
        pytest.param(b"data=_a_&sign=s", b"_a_", id="underscore-is-no-space"),
        pytest.param(b"data= a &sign=s", b" a ", id="spaces-stay"),
        pytest.param(b"sign=s&data=a", b"a", id="sign-first"),
        pytest.param(b"data=a&sign=s\n", b"a", id="newline-behind-the-body"),
        pytest.param(b"sign=s&data=a\r\n", b"a", id="crlf-behind-the-body"),
        pytest.param(b"data=a\r\n&sign=s", b"a\r\n", id="newline-inside-stays"),
        pytest.param(b"sign=s&data=a ", b"a ", id="space-behind-the-body-stays"),
        pytest.param(b"sign=s&data=a%0A", b"a\n", id="escaped-newline-at-the-end-stays"),
        pytest.param(b"&&data=a&&sign=s&", b"a", id="empty-fields"),
        pytest.param(b"d%61ta=a&si%67n=s", b"a", id="escaped-names"),
        pytest.param(b"data=a&sign=s&data2=b&Sign=c&", b"a", id="other-names"),
        pytest.param(b"data=a&sign=s&flag", b"a", id="name-without-value"),
        pytest.param(b"data=a&sign=s&" + b"x=&" * 6, b"a", id="eight-fields"),
    ],
)
def test_urlencoded_spellings(body: bytes, data: bytes) -> None:
    assert read_form(URLENCODED, body) == (data, b"s")


@pytest.mark.parametrize(
    "content_type",
    [
        URLENCODED,
        b"Application/X-WWW-Form-Urlencoded",
        b"  application/x-www-form-urlencoded  ; charset=utf-8",
        b"application/x-www-form-urlencoded;charset=utf-7",
        b"application/x-www-form-urlencoded; charset=punycode",
        b'application/x-www-form-urlencoded; charset="utf-16"',
        b"application/x-www-form-urlencoded; charset=no-such-charset",
        b"application/x-www-form-urlencoded;",
        b"application/x-www-form-urlencoded; boundary=x; \xff",
    ],
)
def test_no_parameter_changes_an_urlencoded_body(content_type: bytes) -> None:
    data = "+AHs- 陈 \x80".encode()
    assert read_form(content_type, urlencoded(data)) == (data, SIGN)


@pytest.mark.parametrize(
    "content_type",
    [
        MULTIPART,
        b'multipart/form-data; boundary="' + BOUNDARY + b'"',
        b"MULTIPART/Form-Data; Boundary=" + BOUNDARY,
        b"multipart/form-data; charset=utf-7; boundary=" + BOUNDARY,
        b"multipart/form-data; boundary=" + BOUNDARY + b"; charset=punycode",
    ],
)
def test_no_charset_changes_a_multipart_body(content_type: bytes) -> None:
    data = "+AHs- 陈 \x80".encode()
    assert read_form(content_type, signed_multipart(data)) == (data, SIGN)


SIGN_PART = part(named(b"sign"), b"s")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(multipart(SIGN_PART, part(named(b"data"), b"a")), id="sign-first"),
        pytest.param(
            multipart(part(b"CONTENT-DISPOSITION: Form-Data; Name=data", b"a"), SIGN_PART), id="bare"
        ),
        pytest.param(
            multipart(part([b"Content-Type: text/plain; charset=utf-7", named(b"data")], b"a"), SIGN_PART),
            id="content-type-of-a-part",
        ),
        pytest.param(
            multipart(part([b"X-%d: y" % n for n in range(7)] + [named(b"data")], b"a"), SIGN_PART),
            id="eight-part-headers",
        ),
        pytest.param(
            multipart(part([named(b"data"), b"X-Long: " + b"y" * 1000], b"a"), SIGN_PART),
            id="long-part-header",
        ),
        pytest.param(multipart(part(named(b"data"), b"a"), SIGN_PART) + b"epilogue", id="epilogue"),
        pytest.param(b"\r\n" + multipart(part(named(b"data"), b"a"), SIGN_PART), id="leading-line-end"),
        pytest.param(
            multipart(part(named(b"data"), b"a"), SIGN_PART, *[part(named(b"x"), b"")] * 6), id="eight-fields"
        ),
    ],
)
def test_multipart_spellings(body: bytes) -> None:
    assert read_form(MULTIPART, body) == (b"a", b"s")


def test_a_multipart_value_is_not_percent_decoded() -> None:
    assert read_form(MULTIPART, signed_multipart(b"a+b%2Cc\r\n")).data == b"a+b%2Cc\r\n"


def test_both_encodings_give_the_same_bytes() -> None:
    data = read_sample("callback_with_attack.json")
    body = urlencode({"sign": SIGN, "data": data}).encode()
    assert read_form(URLENCODED, body) == read_form(MULTIPART, signed_multipart(data)) == (data, SIGN)


@pytest.mark.parametrize("encoding", [b"7bit", b"8bit", b"binary", b" BINARY ", b"8Bit"])
def test_a_transfer_encoding_that_changes_nothing_is_read(encoding: bytes) -> None:
    headers = [b"Content-Type: text/plain; charset=UTF-8", b"Content-Transfer-Encoding:" + encoding]
    body = multipart(
        part([named(b"data"), *headers], b'{"a": "\xe9\x99\x88"}'), part([named(b"sign"), *headers], SIGN)
    )
    assert read_form(MULTIPART, body) == (b'{"a": "\xe9\x99\x88"}', SIGN)


@pytest.mark.parametrize("encoding", [b"", b"identity", b"utf-8", b"gzip", b"br"])
def test_a_plain_form_is_read_whatever_its_content_encoding_says(encoding: bytes) -> None:
    assert read_form(URLENCODED, urlencoded(b"{}"), content_encoding=encoding) == (b"{}", SIGN)
