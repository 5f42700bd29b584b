"""Set-up and reconfiguration in the UI: the address cameras report to, then what to enter in them.

The forms for the address are in address_form, the steps that replace a camera in replace_flow, places in place_flow.
"""

from collections.abc import Mapping
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers import selector
from homeassistant.util.hass_dict import HassKey

from .connecting import DATA_LISTENER, Listener, ListenerSettings, async_prepare_camera
from .const import (
    CONF_DELETE_OLD_COUNTS,
    CONF_KEEP_DAYS,
    CONF_LIVE_SECONDS,
    CONF_RESET_TIME,
    DEFAULT_KEEP_DAYS,
    DEFAULT_LIVE_SECONDS,
    DEFAULT_RESET_TIME,
    DOMAIN,
    MAX_KEEP_DAYS,
    MAX_LIVE_SECONDS,
    MIN_KEEP_DAYS,
    MIN_LIVE_SECONDS,
    NAME,
    SUBENTRY_CAMERA,
    SUBENTRY_PLACE,
)
from .flows import (
    ADDRESS_KEYS,
    BY_HAND,
    CONF_WAY,
    DIRECT,
    HOME_ASSISTANT,
    LISTENER_SCHEMA,
    PREPARED_SCHEMA,
    URL_SCHEMA,
    CameraFlow,
    CameraSteps,
    GuideSteps,
    PlaceFlow,
    ReplaceSteps,
    async_listener_data,
    async_listener_errors,
    async_suggested_listener,
    base_url,
    choice_field,
    has_public_url,
    listener_settings,
    suggested_url,
)
from .http import AuthorityView, ConnectionTest, async_register_views, new_token, with_new_token
from .receiver import PeopleCounterConfigEntry
from .texts import Message, async_load_messages, async_translate_list


def _whole_number(lowest: int, highest: int, unit: str) -> vol.All:
    config = selector.NumberSelectorConfig(
        min=lowest, max=highest, step=1, mode=selector.NumberSelectorMode.BOX, unit_of_measurement=unit
    )
    return vol.All(selector.NumberSelector(config), vol.Coerce(int))


OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_RESET_TIME, default=DEFAULT_RESET_TIME): selector.TimeSelector(),
        vol.Required(CONF_LIVE_SECONDS, default=DEFAULT_LIVE_SECONDS): _whole_number(0, MAX_LIVE_SECONDS, "s"),
        vol.Required(CONF_DELETE_OLD_COUNTS, default=True): selector.BooleanSelector(),
        vol.Required(CONF_KEEP_DAYS, default=DEFAULT_KEEP_DAYS): _whole_number(MIN_KEEP_DAYS, MAX_KEEP_DAYS, "d"),
    }
)


# A set-up that was closed too early may have left its token in a camera already, so the next one shows the same.
_DATA_UNUSED_TOKEN: HassKey[str] = HassKey(f"{DOMAIN}_unused_token")

# This field is only in the form.
CONF_TASK: Final = "task"
# The choices are the names of steps.
TASKS: Final = ("show", DIRECT, HOME_ASSISTANT, "new_token", "replace", "undo")
RECONFIGURE_SCHEMA: Final = vol.Schema(choice_field(CONF_TASK, TASKS))


class PeopleCounterConfigFlow(
    CameraSteps[ConfigFlowContext, ConfigFlowResult, str],
    GuideSteps[ConfigFlowContext, ConfigFlowResult, str],
    ReplaceSteps,
    domain=DOMAIN,
):
    """Set-up and reconfiguration: the address cameras report to, then what to enter in them."""

    VERSION = 1

    def __init__(self) -> None:
        """Start without data."""
        super().__init__()
        self._data: dict[str, Any] = {}
        # The listener until the entry starts its own.
        self._listener: Listener | None = None
        self._done: list[Message] = []

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: PeopleCounterConfigEntry) -> PeopleCounterOptionsFlow:
        return PeopleCounterOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: PeopleCounterConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_CAMERA: CameraFlow, SUBENTRY_PLACE: PlaceFlow}

    # The address that cameras report to

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address that cameras most likely reach."""
        await async_load_messages(self.hass)
        self._data = {CONF_TOKEN: self.hass.data.setdefault(_DATA_UNUSED_TOKEN, new_token())}
        return await (self.async_step_home_assistant() if has_public_url(self.hass) else self.async_step_direct())

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token again, and ask what to do."""
        self._data = dict(self._get_reconfigure_entry().data)
        if user_input is not None:
            steps = {
                "show": self.async_step_show,
                DIRECT: self.async_step_direct,
                HOME_ASSISTANT: self.async_step_home_assistant,
                "new_token": self.async_step_new_token,
                "replace": self.async_step_replace,
                "undo": self.async_step_undo,
            }
            return await steps[user_input[CONF_TASK]]()
        return self.async_show_form(
            step_id="reconfigure", data_schema=RECONFIGURE_SCHEMA, description_placeholders=self._guide()
        )

    async def async_step_home_assistant(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address at which cameras reach Home Assistant."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_WAY] == DIRECT:
                return await self.async_step_direct()
            url = base_url(user_input[CONF_URL])
            if url is None:
                errors[CONF_URL] = "invalid_url"
            elif url.startswith("http://") and url != self._data.get(CONF_URL):
                # Warn once; the user may try it.
                self._data[CONF_URL] = url
                errors["base"] = "not_https"
            else:
                return await self._async_store_address({CONF_URL: url}, user_input[CONF_WAY])
        suggested = user_input or {CONF_URL: suggested_url(self.hass, self._data)}
        return self.async_show_form(
            step_id="home_assistant",
            data_schema=self.add_suggested_values_to_schema(URL_SCHEMA, suggested),
            errors=errors,
        )

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the name or address of this machine, and for a port to listen on."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_WAY] == HOME_ASSISTANT:
                return await self.async_step_home_assistant()
            settings = listener_settings(user_input)
            errors, placeholders = await async_listener_errors(self.hass, settings)
            if not errors:
                return await self._async_store_address(
                    await async_listener_data(self.hass, settings), user_input[CONF_WAY]
                )
        suggested = user_input or await async_suggested_listener(self.hass, ListenerSettings.of(self._data))
        return self.async_show_form(
            step_id="direct",
            data_schema=self.add_suggested_values_to_schema(LISTENER_SCHEMA, suggested),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_store_address(self, data: dict[str, Any], way: str) -> ConfigFlowResult:
        """Keep the address and go on; an existing entry stores the address before it is shown."""
        is_new = self.source != SOURCE_RECONFIGURE
        # Another dialog may have made a new token since this one was opened.
        present = self._data if is_new else self._get_reconfigure_entry().data
        self._data = {key: value for key, value in present.items() if key not in ADDRESS_KEYS} | data
        if not is_new:
            self.hass.config_entries.async_update_entry(self._get_reconfigure_entry(), data=self._data)
        if way == BY_HAND:
            return await self.async_step_show()
        await self._async_begin()
        return await self.async_step_camera()

    async def async_step_new_token(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for confirmation, then make a new token."""
        if user_input is None:
            return self.async_show_form(step_id="new_token", data_schema=vol.Schema({}))
        entry = self._get_reconfigure_entry()
        self._data = with_new_token(entry.data)
        self.hass.config_entries.async_update_entry(entry, data=self._data)
        return await self.async_step_show()

    # Instructions for cameras

    @override
    def _address_and_token(self) -> Mapping[str, Any]:
        return self._data

    @override
    async def _async_begin(self) -> ConnectionTest:
        """Listen as well: another dialog may have taken the port and been closed."""
        test = await super()._async_begin()
        settings = ListenerSettings.of(self._data)
        is_listening = self._listener is not None and self.hass.data.get(DATA_LISTENER) is self._listener
        if settings and self.source != SOURCE_RECONFIGURE and not is_listening:
            await self._async_listen(settings)
        return test

    async def _async_listen(self, settings: ListenerSettings) -> None:
        """Listen as the entry will, until the dialog is closed."""
        push_view = async_register_views(self.hass)
        self._listener = Listener(
            self.hass,
            settings,
            [push_view, AuthorityView()],
            cameras=dict,
            on_certificate_refused=push_view.async_certificate_refused,
        )
        await self._listener.async_start()

    @override
    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a camera's address and password, and prepare the camera."""
        return await self._async_camera_form(user_input, step_id="camera")

    @override
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> ConfigFlowResult:
        """Prepare the camera. Raises CameraError."""
        self._done = (await async_prepare_camera(self.hass, settings, self._authority_pem)).done
        return await self.async_step_camera_done()

    async def async_step_camera_done(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what was done in the camera, and what is left to do."""
        if user_input is not None:
            return await self._async_go_on(user_input)
        return self.async_show_form(
            step_id="camera_done",
            data_schema=PREPARED_SCHEMA,
            description_placeholders={
                **self._guide(),
                "done": await async_translate_list(self.hass, self._done),
            },
        )

    # The end

    @override
    async def async_step_heard(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return self.async_abort(reason="connected", description_placeholders={"cameras": self._heard()})
        return await self._async_create(description="camera_connected")

    @override
    async def _async_finish(self) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            # The entry was updated before the new address or token was shown.
            return self.async_abort(reason="reconfigure_successful")
        return await self._async_create(description="no_camera_yet")

    async def _async_create(self, *, description: str) -> ConfigFlowResult:
        self.hass.data.pop(_DATA_UNUSED_TOKEN, None)
        if self._listener:
            # The entry's listener takes over the port.
            await self._listener.async_stop()
            self._listener = None
        return self.async_create_entry(
            title=NAME,
            data=self._data,
            description=description,
            description_placeholders={"cameras": self._heard()},
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Stop listening for cameras."""
        super().async_remove()
        if self._listener:
            self.hass.async_create_task(self._listener.async_stop())


class PeopleCounterOptionsFlow(OptionsFlow):
    """Asks when occupancy is reset, how often cameras are asked, and for how long counts are kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if 0 < user_input[CONF_LIVE_SECONDS] < MIN_LIVE_SECONDS:
                errors[CONF_LIVE_SECONDS] = "live_seconds"
            else:
                # Directions and replacements are options too, but set elsewhere.
                return self.async_create_entry(data={**self.config_entry.options, **user_input})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(OPTIONS_SCHEMA, user_input or self.config_entry.options),
            errors=errors,
        )
