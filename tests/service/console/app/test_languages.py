"""Chinese and English, and nothing in between."""

import re
import string

import pytest

from domain.people.roles import Role
from service.console.app.languages import catalogue
from tests.service.console.rig.site import Site
from tests.service.console.strings import translated, used


def test_the_catalogue_has_each_text_and_no_other() -> None:
    texts = {message.id for message in used() if message.id}
    there = {message.id: message.string for message in translated() if message.id}
    hint = "run python -m tests.service.console.strings"
    assert texts - there.keys() == set(), hint
    assert there.keys() - texts == set(), hint
    assert [text for text, chinese in there.items() if not chinese] == [], "untranslated"


def test_translations_keep_the_values_of_their_texts() -> None:
    values = re.compile(r"%\(\w+\)s")
    for message in translated():
        assert sorted(values.findall(str(message.string))) == sorted(values.findall(str(message.id)))


def test_chinese_has_no_western_punctuation_between_chinese_words() -> None:
    odd = re.compile(r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]")
    assert [message.string for message in translated() if odd.search(str(message.string))] == []


def test_a_text_that_is_the_same_in_english_is_not_in_the_catalogue_by_mistake() -> None:
    latin = set(string.printable)
    same = [message.id for message in translated() if message.id and set(str(message.string)) <= latin]
    assert same == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh-TW;q=0.5", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("*;q=x,,;;", "en"),
        ("de", "en"),
    ],
)
async def test_the_browser_chooses_first(site: Site, accepted: str, language: str) -> None:
    async with site.client() as client:
        answer = await client.get("/login", headers={"accept-language": accepted})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["vary"] == "accept-language, cookie"


async def test_the_person_chooses_last(site: Site) -> None:
    async with site.client(Role.VIEWER) as client:
        answer = await client.post("/language", data={"language": "zh", "back": "/help?x=1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/help?x=1")
        assert "帮助与偏好" in (await client.get("/help", headers={"accept-language": "en"})).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "help", "", "/\n/x"]
)
async def test_no_form_leads_elsewhere(site: Site, back: str) -> None:
    async with site.client(Role.VIEWER) as client:
        answer = await client.post("/language", data={"language": "zh", "back": back})
    assert answer.headers["location"] == "/"


def test_english_is_the_source() -> None:
    assert catalogue("en").gettext("Today") == "Today"
    assert catalogue("zh").gettext("Today") == "今日"
