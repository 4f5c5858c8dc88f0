"""The metrics of deliveries and endpoints: those of apps that the settings do not have raise no alarm."""

from domain.views.operations.figures import Deliveries, Endpoints, StoreFigures
from service.api.metrics.delivery_families import describe_deliveries


def test_endpoints_of_an_app_that_the_settings_do_not_have_are_paused() -> None:
    figures = StoreFigures(
        [],
        [],
        deliveries=[Deliveries(app, pending=3, failed=0, oldest=9000.0) for app in ("demo", "gone")],
        endpoints=[
            Endpoints("demo", "enabled", 1, 60.0),
            Endpoints("gone", "enabled", 2, 60.0),
            Endpoints("gone", "disabled", 4, 0.0),
        ],
    )
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in describe_deliveries(figures, {"demo"})
        for sample in metric.samples
    }
    assert values["faceid_endpoints", "demo", "enabled"] == 1
    assert values["faceid_endpoints", "gone", "paused"] == 2
    assert values["faceid_endpoints", "gone", "disabled"] == 4
    assert values["faceid_deliveries", "gone", "pending"] == 3
    waiting = {
        key[1]
        for key in values
        if key[0] in {"faceid_oldest_delivery_seconds", "faceid_endpoint_failing_seconds"}
    }
    assert waiting == {"demo"}
