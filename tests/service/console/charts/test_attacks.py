"""The scores of attacks, as they are drawn."""

from service.console.charts.attacks import attack_charts


def test_what_is_over_its_threshold_comes_first() -> None:
    signs = {
        "mask_confidence": 0.25,
        "mask_threshold": 0.5,
        "synthetic_face_confidence": 0.875,
        "synthetic_face_threshold": 0.5,
        "face_replaced": 1.0,
    }
    over, under = attack_charts(signs)
    assert (over.name, over.is_over, over.x, over.limit_x) == ("synthetic_face", True, 105.0, 60.0)
    assert (under.name, under.is_over) == ("mask", False)


def test_what_has_no_threshold_or_no_place_on_the_line_is_not_drawn() -> None:
    assert not attack_charts({"mask_confidence": 0.2, "other_confidence": 1.5, "other_threshold": 0.5})
