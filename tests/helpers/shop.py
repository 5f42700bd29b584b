"""The simulated shop of the demo: a building with two doors, and three cameras."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ..simulator import OUTSIDE, THREE_D, TWO_D, Building, Camera, Door, Hours, Visits
from .home_assistant import Shown

SHOP = "Shop"
DOORS = (Door("Main entrance", OUTSIDE, SHOP), Door("Garden door", OUTSIDE, SHOP))


def build_shop(zone: ZoneInfo) -> Building:
    """Return the shop. Its doors never close, so that there is something to see at any hour."""
    return Building(SHOP, zone, DOORS, hours=Hours(0, 24, 1450, 2100))


def mount_cameras(shown: Shown, building: Building) -> list[Camera]:
    """Return the cameras over the doors of the shop, and one at a car park, which belongs to no place."""
    main, garden = building.doors
    park = Visits("Car park", building.zone, Hours(0, 24, 450, 675))
    return [
        Camera(
            source,
            shown.url,
            shown.token,
            serial=serial,
            name=name,
            model=model,
            installed=datetime.now(UTC) - timedelta(days=days),
            batch=batch,
            ca_file=shown.ca_file,
        )
        for name, source, serial, model, days, batch in (
            (main.name, building.seen(main), "accc8ef3d92e", THREE_D, 90, None),
            # Two whole weeks, for a report that compares them.
            (garden.name, building.seen(garden), "accc8e0b7a51", THREE_D, 22, 3000),
            ("Car park", park, "00408cac512b", TWO_D, 3, None),
        )
    ]
