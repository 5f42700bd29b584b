"""The demo installs the dashboards, and finds faults in what they show."""

from typing import Any

from custom_components.axis_people_counter.const import DOMAIN

from .helpers.dashboards import DASHBOARDS, dashboard_differences, install_dashboards

ENTITY = "sensor.shop_occupancy"
STATISTIC = f"{DOMAIN}:accc8ef3d92e_in"


class Home:
    """A fake of the part of the websocket API that the demo uses."""

    def __init__(self) -> None:
        """Start without dashboards."""
        self.created: list[dict[str, Any]] = []
        self.saved: dict[str, Any] = {}
        self.shown = {"views": [{"cards": [{"entity": ENTITY}, {"entities": [{"entity": STATISTIC}]}]}]}

    async def command(self, kind: str, /, **fields: Any) -> Any:
        """Return the result of a command."""
        match kind:
            case "lovelace/dashboards/create":
                self.created.append(fields)
            case "lovelace/config/save":
                self.saved[fields["url_path"]] = fields["config"]
            case "lovelace/dashboards/list":
                return self.created
            case "recorder/list_statistic_ids":
                return [{"statistic_id": STATISTIC}]
            case _:
                assert kind == f"{DOMAIN}/dashboard"
                assert fields["kind"] in {dashboard.kind for dashboard in DASHBOARDS.values()}
                return self.shown
        return None


STATES = {"one": {"entity_id": ENTITY}}


async def test_demo_installs_dashboards() -> None:
    """Install each dashboard in the sidebar, as the dialog of Home Assistant does."""
    home = Home()
    missing = [f"The dashboard {path} doesn't exist" for path in DASHBOARDS]
    assert await dashboard_differences(home, STATES) == missing
    await install_dashboards(home)
    assert [created["url_path"] for created in home.created] == list(DASHBOARDS)
    assert all(created["show_in_sidebar"] for created in home.created)
    assert home.saved == {path: {"strategy": {"type": dashboard.type}} for path, dashboard in DASHBOARDS.items()}
    assert await dashboard_differences(home, STATES) == []


async def test_demo_reports_differences() -> None:
    """Report entities that don't exist, and dashboards without any."""
    home = Home()
    await install_dashboards(home)
    home.shown = {"views": [{"cards": [{"entity": ENTITY}, {"entity": "sensor.gone"}]}]}
    assert await dashboard_differences(home, STATES) == [
        f"The dashboard {path} names sensor.gone, which doesn't exist" for path in DASHBOARDS
    ]
    home.shown = {"views": []}
    assert await dashboard_differences(home, STATES) == [f"The dashboard {path} shows nothing" for path in DASHBOARDS]
