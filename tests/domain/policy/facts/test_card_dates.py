"""Every unambiguous notation of a card's validity is read, and no ambiguous one."""

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.facts.card_dates import LONGEST, Validity, read_validity

TEN_YEARS = Validity(date(2010, 11, 13), date(2020, 11, 13))
FOR_EVER = Validity(date(2010, 11, 13), date.max)


@pytest.mark.parametrize(
    "text",
    [
        "2010.11.13-2020.11.13",
        " 2010.11.13 - 2020.11.13 ",
        "2010. 11. 13-2020. 11. 13",
        "20101113-20201113",
        "2010111320201113",
        "20101113 20201113",
        "20101113—20201113",
        "20101113至20201113",
        "2010-11-13-2020-11-13",
        "2010-11-13 2020-11-13",
        "2010-11-13 to 2020-11-13",
        "2010-11-13T00:00:00/2020-11-13T00:00:00",
        "2010-11-13 00:00:00至2020-11-13 00:00:00",
        "2010/11/13-2020/11/13",
        "2010/11/13~2020/11/13",
        "2010.11.13--2020.11.13",
        "2010.11.13——2020.11.13",
        "2010.11.13–2020.11.13",
        "2010.11.13−2020.11.13",
        "2010.11.13－2020.11.13",
        "2010.11.13～2020.11.13",
        "2010.11.13〜2020.11.13",
        "2010.11.13一2020.11.13",
        "2010.11.13ー2020.11.13",
        "2010．11．13－2020．11．13",
        "２０１０．１１．１３－２０２０．１１．１３",
        "２０１０１１１３－２０２０１１１３",
        "2010。11。13-2020。11。13",
        "2010·11·13-2020·11·13",
        "2010,11,13-2020,11,13",
        "2010、11、13至2020、11、13",
        "2010.11.13 2020.11.13",
        "2010.11.132020.11.13",
        "2010 11 13 2020 11 13",
        "2010.1113-2020.1113",
        "2010年11月13日-2020年11月13日",
        "2010年11月13日至2020年11月13日",
        "2010年11月13日到2020年11月13日止",
        "自2010年11月13日起至2020年11月13日止",
        "2010 年 11 月 13 日 至 2020 年 11 月 13 日",
        "有效期限 2010.11.13-2020.11.13",
        "有效期限：2010.11.13-2020.11.13",
        "有效期:2010.11.13至2020.11.13",
        "[2010.11.13-2020.11.13]",
        '"2010.11.13-2020.11.13"',
        "2010.11.13-2020.11.13.",
        "2010.11.13\u200b-\ufeff2020.11.13",
        "2010.11.13\u3000-\u30002020.11.13",
        "2010.11.13\n2020.11.13",
    ],
)
def test_every_clear_spelling_is_read(text: str) -> None:
    assert read_validity(text) == TEN_YEARS


@pytest.mark.parametrize(
    "text",
    [
        "2010.11.13-长期",
        "2010.11.13 - 长期 ",
        "2010.11.13－长 期",
        "2010.11.13-長期",
        "2010.11.13-长期有效",
        "20101113-长期",
        "20101113长期",
        "2010年11月13日至长期",
        "2010年11月13日-永久",
        "2010.11.13-永久有效",
        "2010.11.13-无限期",
        "2010.11.13-long-term",
        "2010.11.13 to Long Term",
        "2010.11.13-LONGTERM",
        "2010/11/13 - permanent",
        "2010.11.13-forever",
        "20101113-99991231",
        "2010.11.13-9999.12.31",
        "2010-11-13/2999-12-31",
    ],
)
def test_a_card_that_does_not_expire(text: str) -> None:
    assert read_validity(text) == FOR_EVER


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2010.1.3-2020.1.3", date(2010, 1, 3), date(2020, 1, 3)),
        ("2010.1.32020.1.3", date(2010, 1, 3), date(2020, 1, 3)),
        ("2010.1.232020.1.3", date(2010, 1, 23), date(2020, 1, 3)),
        ("2010 1 3 2020 1 3", date(2010, 1, 3), date(2020, 1, 3)),
        ("2010年1月3日至2020年1月3日", date(2010, 1, 3), date(2020, 1, 3)),
        ("２０１０．１．３－２０２０．１．３", date(2010, 1, 3), date(2020, 1, 3)),
        ("2012.02.29-2022.02.28", date(2012, 2, 29), date(2022, 2, 28)),
        ("2020.11.13-2099.12.31", date(2020, 11, 13), date(2099, 12, 31)),
    ],
)
def test_one_digit_months_and_odd_days(text: str, first: date, last: date) -> None:
    assert read_validity(text) == Validity(first, last)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("-", id="a-dash"),
        pytest.param("2020.11.13", id="one-date"),
        pytest.param("20201113", id="one-date-without-dots"),
        pytest.param("2020年11月13日", id="one-date-in-words"),
        pytest.param("2010.11.13-", id="no-end"),
        pytest.param("-2020.11.13", id="no-beginning"),
        pytest.param("至2020.11.13", id="until"),
        pytest.param("长期", id="for-ever-alone"),
        pytest.param("长期-长期", id="for-ever-twice"),
        pytest.param("长期-2020.11.13", id="for-ever-first"),
        pytest.param("2010.11.13-2020.02.30", id="no-such-last-day"),
        pytest.param("2010.02.30-2020.11.13", id="no-such-first-day"),
        pytest.param("2013.02.29-2023.02.28", id="no-leap-year"),
        pytest.param("2010.13.01-2030.01.01", id="no-such-month"),
        pytest.param("2010.00.13-2030.11.13", id="month-zero"),
        pytest.param("0000.01.01-2030.01.01", id="no-such-year"),
        pytest.param("20101113-00000000", id="zeros"),
        pytest.param("20101113-99999999", id="nines"),
        pytest.param("2020.11.13-2010.11.13", id="the-wrong-way-round"),
        pytest.param("2010.11.13-3020.11.13", id="a-misread-millennium"),
        pytest.param("1010.11.13-2020.11.13", id="a-misread-first-year"),
        pytest.param("2010.11-2020.11", id="months-only"),
        pytest.param("2010-2020", id="years-only"),
        pytest.param("10.11.13-20.11.13", id="years-of-two-digits"),
        pytest.param("13.11.2010-13.11.2020", id="the-day-first"),
        pytest.param("11/13/2010-11/13/2020", id="the-month-first"),
        pytest.param("2010.1 1.13-2020.11.13", id="a-space-inside-a-number"),
        pytest.param("2010.113-2020.113", id="a-lost-dot"),
        pytest.param("2010月11年13日-2020月11年13日", id="words-out-of-order"),
        pytest.param("2010.11.13-xxxx.xx.xx", id="masked"),
        pytest.param("2010.11.13-2O20.11.13", id="a-letter-for-a-digit"),
        pytest.param("2010.11.13-2020.11.13 and more", id="text-behind"),
        pytest.param("2010.11.13-2020.11.13-2030.11.13", id="three-dates"),
        pytest.param("2010.11.13-2020.11.13长期", id="an-end-and-for-ever"),
        pytest.param("2010-11-13T16:00:00Z/2020-11-13T16:00:00Z", id="a-time-of-day"),
        pytest.param("1289606400-1605225600", id="unix-seconds"),
        pytest.param("None", id="a-programs-nothing"),
        pytest.param("{'start': '20101113'}", id="a-printed-object"),
        pytest.param("2010.11.13-2020.11.13" + " " * LONGEST, id="too-long"),
        pytest.param("\ufdfa" * LONGEST, id="grows-when-normalized"),
        pytest.param("\ud83d2010.11.13-2020.11.13", id="half-a-character"),
        pytest.param("²⁰¹⁰①", id="digits-of-another-kind"),
    ],
)
def test_an_unclear_validity_is_not_read(text: str) -> None:
    assert read_validity(text) is None


days = st.dates(date(1984, 1, 1), date(2060, 1, 1))
SPELLINGS = (
    "{:%Y.%m.%d}",
    "{:%Y-%m-%d}",
    "{:%Y/%m/%d}",
    "{:%Y%m%d}",
    "{:%Y年%m月%d日}",
    "{0.year}.{0.month}.{0.day}",
)
BETWEEN = ("-", " - ", "—", "~", "至", " ", "--", "－", " to ")
LIKELY = "0123456789.-/年月日至 长期T:x０１－"


@given(
    first=days,
    length=st.integers(0, 20 * 365),
    spelling=st.sampled_from(SPELLINGS),
    between=st.sampled_from(BETWEEN),
)
def test_a_clear_validity_is_never_read_as_another(
    first: date, length: int, spelling: str, between: str
) -> None:
    last = first + timedelta(days=length)
    assert read_validity(spelling.format(first) + between + spelling.format(last)) == Validity(first, last)


@given(st.text(st.sampled_from(LIKELY), max_size=LONGEST) | st.text(max_size=2 * LONGEST))
def test_any_text_is_read_or_not_and_nothing_is_invented(text: str) -> None:
    read = read_validity(text)
    if read is not None:
        assert read.first <= read.last
        assert str(read.first.year) in unicodedata.normalize("NFKC", text)
