"""AXIS People Counter: counts that cameras push over HTTPS become sensors."""

from datetime import datetime, timedelta
import secrets
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_FINAL_WRITE, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from . import issues
from .connecting import Listener, ListenerSettings
from .const import CONF_ISSUE_SECRET, DOMAIN
from .dashboards import async_add_loader, async_remove_loader, async_setup_dashboards
from .door_entities import async_show_without_door
from .exports import ExportView
from .http import AuthorityView, async_register_views, async_remove_expired_tokens
from .import_actions import async_setup_import_actions
from .ledger import LedgerTooNewError
from .receiver import PeopleCounterConfigEntry, Receiver, configured
from .renamed_entities import async_follow_renames
from .reports import async_setup_reports
from .services import async_setup_services
from .settings import async_restore, async_save
from .statistics import async_follow_units
from .texts import translated_ledger_errors
from .voice import Voice

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.EVENT, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH]

FORGET_TOKENS_EVERY: Final = timedelta(hours=1)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the dashboards, the views and the actions."""
    # First of all: pages wait for the dashboards for a few seconds only.
    await async_setup_dashboards(hass)
    async_register_views(hass)
    hass.http.register_view(ExportView())
    async_setup_services(hass)
    async_setup_import_actions(hass)
    async_follow_renames(hass)
    async_setup_reports(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> bool:
    """Open the ledger, add its cameras and places, and open the port for cameras if there is one."""
    await async_add_loader(hass)
    await async_restore(hass, entry)
    if CONF_ISSUE_SECRET not in entry.data:
        data = {**entry.data, CONF_ISSUE_SECRET: secrets.token_hex(32)}
        hass.config_entries.async_update_entry(entry, data=data)
    issues.async_use_secret(hass, entry.data[CONF_ISSUE_SECRET])

    @callback
    def forget_tokens(_: datetime) -> None:
        async_remove_expired_tokens(hass, entry)
        async_register_views(hass).token_use.async_show(hass, entry)

    async_remove_expired_tokens(hass, entry)
    entry.async_on_unload(async_track_time_interval(hass, forget_tokens, FORGET_TOKENS_EVERY))
    entry.runtime_data = receiver = Receiver(hass, entry)

    async def stop(_: Event) -> None:
        await receiver.async_stop()

    async def core_updated(_: Event) -> None:
        await _async_updated(hass, entry)

    # First of all: a place may be changed during the set-up.
    entry.async_on_unload(entry.add_update_listener(_async_updated))
    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, core_updated))

    entry.async_on_unload(receiver.async_stop)
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, stop))
    try:
        with translated_ledger_errors(ConfigEntryNotReady):
            await receiver.async_start()
    except LedgerTooNewError as err:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="ledger_too_new") from err
    async_show_without_door(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    voice = Voice(hass, entry)
    entry.async_on_unload(voice.async_stop)
    voice.async_start()
    entry.async_create_background_task(hass, async_follow_units(hass, entry), f"{DOMAIN} units")
    if settings := ListenerSettings.of(entry.data):
        await _async_start_listener(hass, entry, settings)
    token_use = async_register_views(hass).token_use
    token_use.async_show(hass, entry)
    # A new camera may have been connected with a previous token.
    receiver.camera_callbacks.append(lambda _: token_use.async_show(hass, entry))
    return True


async def _async_start_listener(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, settings: ListenerSettings
) -> None:
    """Open a port for the cameras; the listener shows an issue and retries if that fails."""
    receiver = entry.runtime_data
    push_view = async_register_views(hass)

    @callback
    def certificate_refused(address: str) -> None:
        push_view.async_certificate_refused(address)
        receiver.async_certificate_refused(address)

    receiver.listener = listener = Listener(
        hass,
        settings,
        [push_view, AuthorityView()],
        cameras=lambda: receiver.cameras,
        on_certificate_refused=certificate_refused,
    )
    entry.async_on_unload(listener.async_stop)
    await listener.async_start()


async def _async_updated(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
    """Reload the entry if its options, places or time zone have changed; address and token are read at each use."""
    receiver = entry.runtime_data
    async_register_views(hass).token_use.async_show(hass, entry)
    # Several changes at once need a single reload.
    if not receiver.is_reloading and receiver.configured != configured(hass, entry):
        receiver.is_reloading = True
        hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_unload_entry(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> bool:
    """Remove the entities; the receiver closes the ledger after that."""
    receiver = entry.runtime_data
    receiver.async_stop_showing()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if not unloaded:
        receiver.async_resume_showing()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
    """End all issues and save the settings; the ledger stays, because nobody could send its counts again."""
    issues.async_end_all(hass)
    await async_remove_loader(hass)
    await async_save(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, device: DeviceEntry
) -> bool:
    """Remove a camera that is silent; its counts stay in the ledger."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    receiver = entry.runtime_data
    for _, key in device.identifiers:
        if place := receiver.places.get(key):
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="device_of_place",
                translation_placeholders={"name": place.settings.name},
            )
        camera = receiver.cameras.get(key)
        if camera and camera.connected:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="camera_still_sends",
                translation_placeholders={"name": camera.camera.name},
            )
        with translated_ledger_errors():
            await receiver.async_remove_camera(key)
    async_register_views(hass).token_use.async_show(hass, entry)
    return True
