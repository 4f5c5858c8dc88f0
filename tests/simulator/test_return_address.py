import pytest

from simulator.messages.callbacks import with_biz_id

BIZ_ID = "1462259748,52b13fb5"
SENT = "biz_id=1462259748%2C52b13fb5"


@pytest.mark.parametrize(
    ("return_url", "expected"),
    [
        ("https://a.example/x", f"https://a.example/x?{SENT}"),
        ("https://a.example", f"https://a.example?{SENT}"),
        ("https://a.example/x?", f"https://a.example/x?{SENT}"),
        ("https://a.example/x?a=b", f"https://a.example/x?a=b&{SENT}"),
        ("https://a.example/x?a=%2C&c", f"https://a.example/x?a=%2C&c&{SENT}"),
        ("https://a.example/x?a=b#f", f"https://a.example/x?{SENT}&a=b#f"),
        ("https://a.example/x#f?g", f"https://a.example/x?{SENT}#f?g"),
    ],
)
def test_biz_id_joins_the_query_as_the_vendor_prints_it(return_url: str, expected: str) -> None:
    assert with_biz_id(return_url, BIZ_ID) == expected
