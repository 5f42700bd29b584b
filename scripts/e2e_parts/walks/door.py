"""Look at the screen at the door of a place: come in, please wait, unknown, and how it goes on after each trouble."""

from __future__ import annotations

from scripts.e2e_parts.run import CAPACITY, SHOP, Run
from scripts.e2e_parts.screen import Screen

PATH = "people-counter-at-the-door"
SIZES = {
    "small-phone": (320, 568),
    "phone": (390, 844),
    "upright-tablet": (768, 1024),
    "old-tablet": (1024, 768),
    "tablet": (1280, 800),
    "television": (1920, 1080),
}
LIBRARY = "Library <b>& café</b>"
# The card may be built anew when the connection is back.
MOST_BLANK_MILLISECONDS = 1500
# Returns whether the screen covers the window, and its texts.
_LOOK = """(dialog) => {
  const { left, top, width, height } = dialog.getBoundingClientRect();
  const texts = [...dialog.querySelectorAll("p")].filter((element) => element.textContent && element.checkVisibility());
  return {
    covers: dialog.matches(":modal") && left === 0 && top === 0 && width === innerWidth && height === innerHeight,
    texts: texts.map((element) => element.textContent),
  };
}"""
# Notes the longest time in which nothing covers the window.
_WATCH = """() => {
  window.longestBlank = 0;
  let covered = performance.now();
  const look = () => {
    let seen = null;
    for (let root = document; root; root = seen?.shadowRoot) {
      const inner = root.elementFromPoint(innerWidth / 2, innerHeight / 2);
      if (!inner || inner === seen) break;
      seen = inner;
    }
    const now = performance.now();
    if (seen?.closest("dialog:modal")) covered = now;
    window.longestBlank = Math.max(window.longestBlank, now - covered);
    setTimeout(look, 50);
  };
  look();
}"""


async def walk(run: Run) -> None:
    """Open the screen and see it change with the place."""
    screen, texts = run.screen, run.screen.texts
    key = await run.place()
    await run.set_occupancy(key, CAPACITY - 23)
    await run.home.command(
        "lovelace/dashboards/create", url_path=PATH, title="Door", icon="mdi:door", mode="storage", show_in_sidebar=True
    )
    await choose(run)
    await run.open(f"/{PATH}")
    await shows(screen, "go", SHOP, texts("common.door_go"), free(screen, 23))
    await fits(screen, "go", "go")

    await run.set_occupancy(key, CAPACITY - 1)
    await shows(screen, "go", free(screen, 1), texts("common.nearly_full"), name="nearly-full")
    await fits(screen, "go", "nearly-full")
    entity = (await run.home.states())[f"{key}_full"]["entity_id"]
    await run.home.request("POST", f"/api/states/{entity}", {"state": "unavailable"})
    await shows(screen, "unknown", texts("common.door_unknown"), texts("common.door_silent"), name="silent")
    await fits(screen, "unknown", "silent")
    await run.set_occupancy(key, CAPACITY)
    await shows(screen, "stop", SHOP, texts("common.door_stop"))
    await fits(screen, "stop", "stop")

    await show_bars(run)
    if not screen.kind.keyboard and not screen.kind.is_phone:
        # Once in all runs: it takes half a minute.
        await restart(run)
    await remove_place(run)


async def choose(run: Run, **options: str) -> None:
    """Save the dashboard with other options."""
    strategy = {"type": "custom:people-counter-door", **options}
    await run.home.command("lovelace/config/save", url_path=PATH, config={"strategy": strategy})


def free(screen: Screen, number: int) -> str:
    """Return the text about free places."""
    return screen.texts("common.door_free_one" if number == 1 else "common.door_free", number=str(number))


async def shows(screen: Screen, sign: str, *texts: str, name: str = "") -> None:
    """Wait for a sign, take a picture, and note what is wrong with the screen."""
    dialog = screen.page.locator(f"people-counter-door dialog.{sign}")
    await dialog.wait_for()
    await screen.step(name or sign)
    found = await dialog.evaluate(_LOOK)
    if not found["covers"]:
        screen.add_fault(f"door: {name or sign} doesn't fill the window", screen.picture)
    for text in texts:
        if text not in found["texts"]:
            screen.add_fault(f"door: {name or sign} doesn't show {text!r}", screen.picture)


async def fits(screen: Screen, sign: str, name: str) -> None:
    """Look at the same in all sizes of a window."""
    window = screen.page.viewport_size
    assert window
    for size, (width, height) in SIZES.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await shows(screen, sign, SHOP, name=f"{name}-{size}")
    await screen.page.set_viewport_size(window)


async def show_bars(run: Run) -> None:
    """Get back to the rest of Home Assistant, with the button and with Escape."""
    screen, page = run.screen, run.screen.page
    bars = page.locator("people-counter-door dialog:not(:modal)")
    button = screen.button(screen.texts("common.door_button"))
    if screen.kind.is_phone:
        await page.touchscreen.tap(200, 400)
    elif not screen.kind.keyboard:
        await page.mouse.move(200, 400)
    await screen.step("button")
    await screen.press(button)
    await bars.wait_for()
    await screen.step("bars")
    if not (box := await bars.bounding_box()) or not box["y"]:
        screen.add_fault("door: the bars of Home Assistant don't come back", screen.picture)
    await run.open(f"/{PATH}")
    await page.locator("people-counter-door dialog:modal").wait_for()
    await page.keyboard.press("Escape")
    await bars.wait_for()
    await run.open(f"/{PATH}")


async def restart(run: Run) -> None:
    """Restart Home Assistant; the screen must never be blank, and go on by itself."""
    screen, page = run.screen, run.screen.page
    await shows(screen, "stop", SHOP)
    await page.evaluate(_WATCH)
    await run.home.stop()
    await shows(screen, "unknown", screen.texts("common.door_disconnected"), name="no-connection")
    await run.home.start()
    await shows(screen, "stop", SHOP, name="connected-again")
    if (blank := await page.evaluate("window.longestBlank ?? null")) is None or blank > MOST_BLANK_MILLISECONDS:
        screen.add_fault(f"door: nothing covered the window for {blank} milliseconds", screen.picture)


async def remove_place(run: Run) -> None:
    """Show another place, remove it, and show the first one again."""
    screen = run.screen
    reset = {"daily_reset": False, "reset_time": "00:00:00", "reset_value": 0}
    fields = {
        "name": LIBRARY,
        "doors": [run.cameras[0].serial],
        "capacity": CAPACITY,
        "neighbours": {"reversed_doors": []},
        "more": {"hysteresis": 0, **reset},
    }
    key = await run.home.add_subentry("place", fields)
    await run.set_occupancy(key, 0)
    await choose(run, place=key)
    await shows(screen, "go", LIBRARY, name="other-place")
    (entry,) = await run.home.command("config_entries/get", domain="axis_people_counter")
    await run.home.command("config_entries/subentries/delete", entry_id=entry["entry_id"], subentry_id=key)
    await shows(screen, "unknown", screen.texts("common.door_place_gone"), name="removed")
    await choose(run)
    await shows(screen, "stop", SHOP, name="first-place-again")
