"""Set-up in the UI: the address of Home Assistant, then what to enter in the cameras."""

from contextlib import ExitStack
import secrets
from typing import Any, Final, override

import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import selector
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from .const import (
    CONF_KEEP_DAYS,
    CONF_PREVIOUS_TOKEN,
    CONF_PREVIOUS_TOKEN_EXPIRES,
    CONF_RESET_TIME,
    DEFAULT_KEEP_DAYS,
    DEFAULT_RESET_TIME,
    DOMAIN,
    MAX_KEEP_DAYS,
    MIN_KEEP_DAYS,
    NAME,
    PREVIOUS_TOKEN_LIFETIME,
    PUSH_PATH,
    SUBENTRY_PLACE,
)
from .http import ConnectionTest, async_register_views
from .issues import plain
from .place_flow import PlaceFlow
from .receiver import PeopleCounterConfigEntry

CONF_NEW_TOKEN: Final = "new_token"

URL_FIELD: Final = selector.TextSelector(selector.TextSelectorConfig(type=selector.TextSelectorType.URL))
OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_RESET_TIME, default=DEFAULT_RESET_TIME): selector.TimeSelector(),
        vol.Required(CONF_KEEP_DAYS, default=DEFAULT_KEEP_DAYS): vol.All(
            selector.NumberSelector(
                selector.NumberSelectorConfig(
                    min=MIN_KEEP_DAYS,
                    max=MAX_KEEP_DAYS,
                    step=1,
                    mode=selector.NumberSelectorMode.BOX,
                    unit_of_measurement="d",
                )
            ),
            vol.Coerce(int),
        ),
    }
)


class PeopleCounterConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set-up and reconfiguration."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._url = ""
        self._token = ""
        self._test: ConnectionTest | None = None
        self._on_remove = ExitStack()
        self._told_that_none_was_heard = False

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
        return {SUBENTRY_PLACE: PlaceFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address under which cameras reach Home Assistant."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if url := _base_url(user_input[CONF_URL]):
                self._url = url
                self._token = secrets.token_urlsafe(32)
                return await self.async_step_connect()
            errors[CONF_URL] = "invalid_url"
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_URL): URL_FIELD}),
                user_input or {CONF_URL: _guess_url(self.hass)},
            ),
            errors=errors,
        )

    async def async_step_connect(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token, and listen for a camera's "Test connection" until the form is submitted."""
        if self._test is None:
            self._test = self._on_remove.enter_context(async_register_views(self.hass).async_test(self._token))
        errors: dict[str, str] = {}
        if user_input is not None:
            if self._test.heard or self._told_that_none_was_heard:
                return self._async_finish(self._test)
            self._told_that_none_was_heard = True
            errors["base"] = "wrong_token" if self._test.refused else "no_camera"
        elif not self._url.startswith("https://"):
            errors["base"] = "not_https"
        return self.async_show_form(
            step_id="connect",
            data_schema=vol.Schema({}),
            description_placeholders={
                "url": f"{self._url}{PUSH_PATH}",
                "token": self._token,
                "address": self._test.refused or "",
            },
            errors=errors,
        )

    @callback
    def _async_finish(self, test: ConnectionTest) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            # Stored already when it was shown: a camera may have been given the new token at once.
            return self.async_abort(reason="reconfigure_successful")
        return self.async_create_entry(
            title=NAME,
            data={CONF_URL: self._url, CONF_TOKEN: self._token},
            description="heard" if test.heard else "not_heard",
            description_placeholders={"cameras": ", ".join(plain(name) for name in test.heard.values())},
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token again; change the address or make a new token."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            if url := _base_url(user_input[CONF_URL]):
                data = {**entry.data, CONF_URL: url}
                if user_input[CONF_NEW_TOKEN]:
                    data[CONF_PREVIOUS_TOKEN] = entry.data[CONF_TOKEN]
                    data[CONF_PREVIOUS_TOKEN_EXPIRES] = (dt_util.utcnow() + PREVIOUS_TOKEN_LIFETIME).isoformat()
                    data[CONF_TOKEN] = secrets.token_urlsafe(32)
                self.hass.config_entries.async_update_entry(entry, data=data)
                self._url, self._token = url, data[CONF_TOKEN]
                return await self.async_step_connect()
            errors[CONF_URL] = "invalid_url"
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(
                    {
                        vol.Required(CONF_URL): URL_FIELD,
                        vol.Required(CONF_NEW_TOKEN, default=False): selector.BooleanSelector(),
                    }
                ),
                user_input or {CONF_URL: entry.data[CONF_URL]},
            ),
            description_placeholders={"url": f"{entry.data[CONF_URL]}{PUSH_PATH}", "token": entry.data[CONF_TOKEN]},
            errors=errors,
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Stop listening for cameras when the dialog is closed."""
        self._on_remove.close()


class PeopleCounterOptionsFlow(OptionsFlow):
    """When occupancy starts anew, and how long every interval is kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for both."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(OPTIONS_SCHEMA, self.config_entry.options),
        )


def _guess_url(hass: HomeAssistant) -> str | None:
    """Return the address cameras most likely reach: encrypted, if there is one."""
    for require_ssl in (True, False):
        try:
            return get_url(hass, require_ssl=require_ssl, allow_ip=True)
        except NoURLAvailableError:
            pass
    return None


def _base_url(text: str) -> str | None:
    """Return an address without path, also of one that was copied with it; None where it isn't one."""
    try:
        url = URL(text.strip())
        # Reading the port tells whether it is one.
        valid = url.scheme in ("http", "https") and url.host and url.port and url.user is None
    except ValueError:
        return None
    if not valid or url.path.rstrip("/") not in ("", PUSH_PATH) or url.query_string or url.fragment:
        return None
    return str(url.origin())
