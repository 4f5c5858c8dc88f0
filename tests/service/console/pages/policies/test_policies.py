"""Policies on their pages: texts, differences, trials, shadows, the threshold curve."""

from datetime import timedelta

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import fill, run, stricter
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import default_policy, policy_with
from tests.support.storage.stores import NOW

LOOSER = policy_with(face={"approve_level": "1e-3"})
CLOSE = {"verify_result.result_faceid.confidence": 68.918}


async def test_a_reader_tries_a_change_and_opens_what_would_flip(site: Site, readers: Readers) -> None:
    await fill(site.store, NOW, count=12)
    reader = await readers.sign_in(Role.VIEWER)
    await reader.open("/policies")
    await reader.look("policies")
    await reader.page.click("a[href*='/policies/backtest?name=default']")
    await reader.page.wait_for_selector("textarea")
    text = await reader.page.input_value("textarea")
    assert 'name = "default"' in text
    await reader.page.fill("textarea", "name = 1")
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.look("policy-invalid")
    await reader.page.fill("textarea", LOOSER.text)
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector("[role=status]")
    await reader.look("policy-backtest")
    await reader.page.click("tr[data-row] a >> nth=0")
    await reader.page.wait_for_url("**/verifications/**")


async def test_the_shadow_and_the_curve_show_figures_in_words_too(site: Site, readers: Readers) -> None:
    for n, changes in enumerate(({}, CLOSE, {}), start=1):
        await run(site.store, n, changes, at=NOW - timedelta(minutes=n), result=changes, shadow=stricter())
    reader = await readers.sign_in(Role.VIEWER)
    await reader.open("/policies/curve")
    assert await reader.page.locator("svg.chart[role=img]").count() >= 1
    await reader.page.click("summary >> nth=0")
    assert "1e-4" in await reader.text()
    await reader.look("policy-curve")
    await reader.open("/policies/default/shadow")
    await reader.look("policy-shadow-empty")
    await reader.open(f"/policies/default/texts/{default_policy().content_hash}")
    assert "1e-5" in await reader.text()
    await reader.look("policy-text")


async def test_the_difference_of_two_texts_is_shown_line_by_line(site: Site, english: Readers) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    now = default_policy()
    older = now.text.replace(f'version = "{now.version}"', 'version = "0"')
    async with site.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO policies (name, version, content_hash, content, first_used_at)"
            " VALUES ($1, '0', $2, $3, $4)",
            (now.name, "0" * 64, older, NOW - timedelta(days=9)),
        )
    reader = await english.sign_in(Role.VIEWER, "demo")
    await reader.open("/policies")
    await reader.page.click("a[href*='/difference']")
    await reader.page.wait_for_selector("tr.removed")
    assert await reader.page.locator("tr.added").count() == 1
    await reader.look("policy-difference")


async def test_an_unknown_policy_or_text_does_not_exist(site: Site) -> None:
    async with site.client(Role.VIEWER, "demo") as client:
        for path in ("/policies/nothing/shadow", "/policies/default/texts/0", "/policies/default/difference"):
            assert (await client.get(path)).status_code == 404
        token = token_in((await client.get("/policies/backtest")).text)
        long = await client.post("/policies/backtest", data={"form_token": token, "text": "#" * 17_000})
        assert long.status_code == 422
        other = {"form_token": token, "text": default_policy().text, "app": "other", "limit": "x"}
        assert "nothing to compare" in (await client.post("/policies/backtest", data=other)).text


async def test_a_text_of_a_name_that_is_gone_is_for_persons_of_every_app(site: Site) -> None:
    async with site.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO policies (name, version, content_hash, content, first_used_at)"
            " VALUES ('gone', '7', $1, '# gone', $2)",
            ("7" * 64, NOW),
        )
    path = f"/policies/gone/texts/{'7' * 64}"
    for app_id, status in ((None, 200), ("demo", 404)):
        async with site.client(Role.VIEWER, app_id) as client:
            assert (await client.get(path)).status_code == status
