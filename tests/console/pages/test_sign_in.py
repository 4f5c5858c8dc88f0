"""Sign in and out, in a browser."""

from domain.people.roles import Grant, Role
from tests.console.conftest import Readers
from tests.console.rig.people import PASSWORD
from tests.console.rig.site import Site

WORDS = {"en": ("Sign in", "Help and preferences"), "zh": ("登录", "帮助与偏好")}


async def test_sign_in_by_password_and_out_again(site: Site, readers: Readers) -> None:
    site.people.add("li.na", Grant(Role.VIEWER))
    reader = await readers.sign_in()
    sign_in, help_ = WORDS[reader.language]
    assert await reader.open("/help") == 200
    assert "/login?next=%2Fhelp" in reader.page.url
    await reader.look("login")
    await reader.page.fill("[name=name]", "li.na")
    await reader.page.fill("[name=password]", "wrong")
    await reader.page.click(f"button:has-text('{sign_in}')")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.look("login-refused")
    await reader.page.fill("[name=password]", PASSWORD)
    await reader.page.click(f"button:has-text('{sign_in}')")
    await reader.page.wait_for_url("**/help")
    assert help_ in await reader.text()
    await reader.look("help")
    await reader.page.click("form[action='/logout'] button")
    await reader.page.wait_for_url("**/login")
    await reader.open("/help")
    assert "/login" in reader.page.url
