"""Set-up in the UI: the way that cameras take to Home Assistant, then what to enter in them."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from ipaddress import ip_address
import re
from typing import Any, Final, override

from cryptography import x509
import voluptuous as vol
from yarl import URL

from homeassistant.components.network import async_get_source_ip
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import UnknownFlow, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import selector
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util
from homeassistant.util.network import is_host_valid, is_ip_address

from .address_check import async_check
from .connecting import (
    CAMERA_SCHEMA,
    DATA_LISTENER,
    CameraError,
    Listener,
    ListenerSettings,
    async_camera_problem,
    async_is_this_machine,
    async_prepare_camera,
    certificate_pem,
    fingerprint,
    is_all_visible,
    listening_sockets,
    own_certificates,
    strip_invisible,
    suggested_camera,
)
from .const import (
    AUTHORITY_FILE_NAME,
    AUTHORITY_PATH,
    CONF_CERTIFICATE,
    CONF_DIRECT,
    CONF_KEEP_DAYS,
    CONF_OWN_ADDRESS,
    CONF_PRIVATE_KEY,
    CONF_RESET_TIME,
    DEFAULT_KEEP_DAYS,
    DEFAULT_PORT,
    DEFAULT_RESET_TIME,
    DOMAIN,
    MAX_KEEP_DAYS,
    MIN_KEEP_DAYS,
    NAME,
    PUSH_PATH,
    SUBENTRY_PLACE,
)
from .http import AuthorityView, ConnectionTest, async_register_views
from .issues import LISTENER_CERTIFICATE_ENDS
from .ledger_errors import abort_on_ledger_errors
from .messages import Message, async_translate, async_translate_list, plain
from .place_flow import PlaceFlow
from .receiver import PeopleCounterConfigEntry
from .replace_flow import (
    CONF_NEW_CAMERA,
    CONF_OLD_CAMERA,
    async_confirmation,
    async_new_cameras,
    async_old_cameras,
    async_replace,
    async_replaced_cameras,
    camera_field,
)
from .settings import async_forget_replacement
from .tokens import new_token, with_new_token

# The keys of an entry's data that belong to the way cameras take.
_OF_THE_WAY: Final = (CONF_URL, CONF_DIRECT, CONF_OWN_ADDRESS, CONF_CERTIFICATE, CONF_PRIVATE_KEY)
SECTION_OWN_FILES: Final = "own_files"

_URL: Final = re.compile(
    r"https?://(?:\[[0-9a-f:.]+]|[^]/?#@:\\[]+)(?::([0-9]{1,5}))?(/[^?#]*)?[?#]?", re.IGNORECASE | re.ASCII
)

URL_FIELD: Final = selector.TextSelector(selector.TextSelectorConfig(type=selector.TextSelectorType.URL))
DIRECT_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): selector.TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): vol.All(
            selector.NumberSelector(
                selector.NumberSelectorConfig(min=1, max=65535, step=1, mode=selector.NumberSelectorMode.BOX)
            ),
            vol.Coerce(int),
        ),
        vol.Required(SECTION_OWN_FILES): section(
            vol.Schema(
                {
                    vol.Optional(CONF_CERTIFICATE): selector.TextSelector(),
                    vol.Optional(CONF_PRIVATE_KEY): selector.TextSelector(),
                }
            ),
            {"collapsed": True},
        ),
    }
)
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
    """Set-up and reconfiguration: by which way cameras come, then what to enter in them."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._data: dict[str, Any] = {}
        self._test: ConnectionTest | None = None
        self._on_remove = ExitStack()
        # The dialog is gone, though something of it may still be going on.
        self._closed = False
        # Only until there is an entry, which has one of its own.
        self._listener: Listener | None = None
        self._authority: x509.Certificate | None = None
        self._check: asyncio.Task[list[Message]] | None = None
        self._done: list[Message] = []
        self._replaced: dict[str, str] = {}

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

    # The way that cameras take

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which way cameras take to Home Assistant."""
        self._data = {CONF_TOKEN: new_token()}
        return self.async_show_menu(step_id="user", menu_options=["direct", "home_assistant"])

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token again, and what can be done."""
        self._data = dict(self._get_reconfigure_entry().data)
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=["show", "direct", "home_assistant", "new_token", "replace", "undo"],
            description_placeholders=self._placeholders(),
        )

    async def async_step_home_assistant(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address under which cameras reach Home Assistant."""
        errors: dict[str, str] = {}
        if user_input is not None:
            url = _base_url(user_input[CONF_URL])
            if url is None:
                errors[CONF_URL] = "invalid_url"
            elif url.startswith("http://") and url != self._data.get(CONF_URL):
                # Said once; it may be tried.
                self._data[CONF_URL] = url
                errors["base"] = "not_https"
            else:
                return await self._async_step_way({CONF_URL: url})
        suggested = user_input or {CONF_URL: _suggested_url(self.hass, self._data)}
        return self.async_show_form(
            step_id="home_assistant",
            data_schema=self.add_suggested_values_to_schema(vol.Schema({vol.Required(CONF_URL): URL_FIELD}), suggested),
            errors=errors,
        )

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask under which name or address, and by which port, cameras reach a listener of our own."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        present = ListenerSettings.of(self._data)
        if user_input is not None:
            settings = _listener_settings(user_input)
            errors, placeholders = await self._async_direct_errors(settings)
            if not errors:
                is_own = await async_is_this_machine(self.hass, settings.host)
                data = {CONF_URL: settings.url, CONF_DIRECT: True, CONF_OWN_ADDRESS: is_own}
                if settings.certificate and settings.private_key:
                    data |= {CONF_CERTIFICATE: settings.certificate, CONF_PRIVATE_KEY: settings.private_key}
                return await self._async_step_way(data)
        suggested = user_input or await _async_suggested_listener(self.hass, present)
        return self.async_show_form(
            step_id="direct",
            data_schema=self.add_suggested_values_to_schema(DIRECT_SCHEMA, suggested),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_direct_errors(self, settings: ListenerSettings) -> tuple[dict[str, str], dict[str, str]]:
        """Return what keeps a listener from working, by field, and the placeholders for that; make an authority."""
        if not _is_reachable(settings.host):
            return {CONF_HOST: "invalid_host"}, {}
        if bool(settings.certificate) != bool(settings.private_key):
            return {"base": "certificate_without_key"}, {}
        now = dt_util.utcnow()
        if settings.certificate:
            load = settings.certificates(self.hass).load
            loaded = await self.hass.async_add_executor_job(load, [settings.host], now)
            if (problem := loaded.problem) and problem.key != LISTENER_CERTIFICATE_ENDS.key:
                return {"base": "problem"}, {"problem": await async_translate(self.hass, problem)}
        else:
            try:
                self._authority = await self.hass.async_add_executor_job(own_certificates(self.hass).create, now)
            except OSError as err:
                return {"base": "authority_not_stored"}, {"error": err.strerror or str(err)}
        listener = self.hass.data.get(DATA_LISTENER)
        if listener is None or listener.settings.port != settings.port:
            try:
                for one in listening_sockets(settings.bind_addresses, settings.port):
                    one.close()
            except OSError as err:
                return {CONF_PORT: "port_taken"}, {"error": err.strerror or str(err)}
        return {}, {}

    async def _async_step_way(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Go on with the way that was chosen; an entry takes it at once, for a camera may be told of it at once."""
        is_new = self.source != SOURCE_RECONFIGURE
        # Another dialog may have made a new token meanwhile.
        present = self._data if is_new else self._get_reconfigure_entry().data
        self._data = {key: value for key, value in present.items() if key not in _OF_THE_WAY} | data
        if not is_new:
            self.hass.config_entries.async_update_entry(self._get_reconfigure_entry(), data=self._data)
        return await self.async_step_show()

    async def async_step_new_token(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make a new token, if that is really wanted."""
        if user_input is None:
            return self.async_show_form(step_id="new_token", data_schema=vol.Schema({}))
        entry = self._get_reconfigure_entry()
        self._data = with_new_token(entry.data)
        self.hass.config_entries.async_update_entry(entry, data=self._data)
        return await self.async_step_show()

    # A camera that takes the place of another

    async def async_step_replace(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which camera is gone, and which one is new."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        if user_input is not None:
            self._replaced = user_input
            return await self.async_step_replace_confirm()
        with abort_on_ledger_errors():
            old = await async_old_cameras(entry.runtime_data)
        new = async_new_cameras(entry.runtime_data)
        if not old or not new:
            return self.async_abort(reason="nothing_to_replace")
        return self.async_show_form(
            step_id="replace",
            data_schema=vol.Schema(
                {vol.Required(CONF_OLD_CAMERA): camera_field(old), vol.Required(CONF_NEW_CAMERA): camera_field(new)}
            ),
        )

    async def async_step_replace_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what will happen, and do it."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        with abort_on_ledger_errors():
            confirmation = await async_confirmation(entry, **self._replaced)
            if user_input is None:
                return self.async_show_form(
                    step_id="replace_confirm", data_schema=vol.Schema({}), description_placeholders=confirmation
                )
            await async_replace(self.hass, entry, **self._replaced)
        return self.async_abort(reason="camera_replaced", description_placeholders=confirmation)

    async def async_step_undo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which replacement was a mistake, and take it back."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        replaced = async_replaced_cameras(entry)
        if not replaced:
            return self.async_abort(reason="nothing_to_undo")
        if user_input is not None and user_input[CONF_OLD_CAMERA] in replaced:
            key = user_input[CONF_OLD_CAMERA]
            async_forget_replacement(self.hass, entry, key)
            return self.async_abort(reason="replacement_undone", description_placeholders={"old": plain(replaced[key])})
        return self.async_show_form(
            step_id="undo", data_schema=vol.Schema({vol.Required(CONF_OLD_CAMERA): camera_field(replaced)})
        )

    # What to enter in cameras

    async def async_step_show(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Begin to listen for a camera's "Test connection", and show what to enter."""
        if self._closed:
            raise UnknownFlow
        if self._test is None:
            self._test = self._on_remove.enter_context(
                async_register_views(self.hass).async_test(self._data[CONF_TOKEN])
            )
        settings = ListenerSettings.of(self._data)
        if settings and not settings.certificate:
            self._authority = await self.hass.async_add_executor_job(own_certificates(self.hass).authority)
        else:
            self._authority = None
        is_listening = self._listener is not None and self.hass.data.get(DATA_LISTENER) is self._listener
        if settings and self.source != SOURCE_RECONFIGURE and not is_listening:
            await self._async_listen(settings)
        if listener := self.hass.data.get(DATA_LISTENER):
            listener.refused_by = None
        return await (self.async_step_connect_direct() if self._authority else self.async_step_connect())

    async def _async_listen(self, settings: ListenerSettings) -> None:
        """Listen as the entry will, as long as the dialog is open."""
        views = [async_register_views(self.hass), AuthorityView()]
        self._listener = Listener(self.hass, settings, views, cameras=dict, on_certificate_refused=lambda _: None)
        await self._listener.async_start()

    async def async_step_connect(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token."""
        return self.async_show_menu(
            step_id="connect",
            menu_options=["finish", "camera", "check"],
            description_placeholders=self._placeholders(),
        )

    async def async_step_connect_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show URL and token, and offer the authority's certificate."""
        return self.async_show_menu(
            step_id="connect_direct",
            menu_options=["finish", "camera", "check"],
            description_placeholders=self._placeholders(),
        )

    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a camera's address and password, which are used once, and prepare it."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            try:
                self._done = await async_prepare_camera(self.hass, user_input, self._authority_pem)
            except CameraError as err:
                errors, placeholders = await async_camera_problem(self.hass, err)
            else:
                return await self.async_step_camera_done()
        return self.async_show_form(
            step_id="camera",
            data_schema=self.add_suggested_values_to_schema(CAMERA_SCHEMA, suggested_camera(user_input)),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_camera_done(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what was done in the camera, and what is left to do."""
        if user_input is not None:
            return await self.async_step_show()
        return self.async_show_form(
            step_id="camera_done",
            data_schema=vol.Schema({}),
            description_placeholders={
                **self._placeholders(),
                "done": await async_translate_list(self.hass, self._done),
            },
        )

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Find out whether the address leads here, as far as can be seen from here."""
        if self._check is None:
            check = async_check(self.hass, self._data[CONF_URL], self._authority_pem)
            self._check = self.hass.async_create_task(check)
        if not self._check.done():
            return self.async_show_progress(step_id="check", progress_action="check", progress_task=self._check)
        return self.async_show_progress_done(next_step_id="checked")

    async def async_step_checked(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what was found."""
        if user_input is not None or self._check is None:
            self._check = None
            return await self.async_step_show()
        return self.async_show_form(
            step_id="checked",
            data_schema=vol.Schema({}),
            description_placeholders={
                **self._placeholders(),
                "findings": await async_translate_list(self.hass, self._check.result()),
            },
        )

    async def async_step_finish(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Finish; if no camera has been heard, say so first."""
        assert self._test
        listener = self.hass.data.get(DATA_LISTENER)
        distrusted = listener.refused_by if listener else None
        refused = distrusted or self._test.refused
        is_new = self.source != SOURCE_RECONFIGURE
        if user_input is None and not self._test.cameras and (is_new or refused):
            error = "distrusted" if distrusted else "wrong_token" if refused else "no_camera"
            return self.async_show_form(
                step_id="finish",
                data_schema=vol.Schema({}),
                errors={"base": error},
                description_placeholders={**self._placeholders(), "address": refused or ""},
            )
        if not is_new:
            # Stored already when it was shown: a camera may have been given the new address or token at once.
            return self.async_abort(reason="reconfigure_successful")
        if self._listener:
            # The entry's own takes over its port.
            await self._listener.async_stop()
            self._listener = None
        return self.async_create_entry(
            title=NAME,
            data=self._data,
            description="heard" if self._test.cameras else "not_heard",
            description_placeholders={"cameras": ", ".join(plain(name) for name in self._test.cameras.values())},
        )

    @property
    def _authority_pem(self) -> str | None:
        """The certificate that has to be in the cameras, if it is ours."""
        return certificate_pem(self._authority) if self._authority else None

    @callback
    def _placeholders(self) -> dict[str, str]:
        """Return what is shown in several steps."""
        return {
            "url": f"{self._data[CONF_URL]}{PUSH_PATH}",
            "token": self._data[CONF_TOKEN],
            "authority_url": AUTHORITY_PATH,
            # A plain link would be taken for one of Home Assistant's pages.
            "authority_link": f'<a href="{AUTHORITY_PATH}" target="_blank">{AUTHORITY_FILE_NAME}</a>',
            "fingerprint": fingerprint(self._authority) if self._authority else "",
        }

    @callback
    @override
    def async_remove(self) -> None:
        """Stop listening for cameras when the dialog is closed."""
        self._closed = True
        self._on_remove.close()
        if self._check:
            self._check.cancel()
        if self._listener:
            self.hass.async_create_task(self._listener.async_stop())


class PeopleCounterOptionsFlow(OptionsFlow):
    """When occupancy starts anew, and how long every interval is kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for both."""
        if user_input is not None:
            # Directions and replacements are options too, though set elsewhere.
            return self.async_create_entry(data={**self.config_entry.options, **user_input})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(OPTIONS_SCHEMA, self.config_entry.options),
        )


def _suggested_url(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """Return the present address, or the one cameras most likely reach: encrypted, if there is one."""
    if CONF_URL in data and not data.get(CONF_DIRECT):
        url: str = data[CONF_URL]
        return url
    for require_ssl in (True, False):
        try:
            return get_url(hass, require_ssl=require_ssl, allow_ip=True)
        except NoURLAvailableError:
            pass
    return None


async def _async_suggested_listener(hass: HomeAssistant, present: ListenerSettings | None) -> dict[str, Any]:
    """Return the present settings of the listener, or an address that needs no name server."""
    if present:
        files = {CONF_CERTIFICATE: present.certificate, CONF_PRIVATE_KEY: present.private_key}
        return {CONF_HOST: present.host, CONF_PORT: present.port, SECTION_OWN_FILES: files}
    try:
        return {CONF_HOST: await async_get_source_ip(hass)}
    except HomeAssistantError:
        return {}


def _is_reachable(host: str) -> bool:
    """Say whether this can be the name or address of a machine, as it stands in a URL and in a certificate."""
    if not (is_all_visible(host) and host.isascii() and is_host_valid(host)) or "%" in host:
        return False
    return not is_ip_address(host) or not (ip_address(host).is_unspecified or ip_address(host).is_multicast)


def _listener_settings(user_input: Mapping[str, Any]) -> ListenerSettings:
    """Return what was entered in the step for the listener."""
    files = user_input[SECTION_OWN_FILES]
    return ListenerSettings(
        strip_invisible(user_input[CONF_HOST]).strip("[]").lower(),
        user_input[CONF_PORT],
        strip_invisible(files.get(CONF_CERTIFICATE, "")) or None,
        strip_invisible(files.get(CONF_PRIVATE_KEY, "")) or None,
    )


def _base_url(text: str) -> str | None:
    """Return an address without path, also of one that was copied with it; None where it isn't one."""
    text = strip_invisible(text)
    found = _URL.fullmatch(text)
    if not found or not is_all_visible(text):
        return None
    port, path = found.groups(default="")
    if (port and not 0 < int(port) < 65536) or path.rstrip("/") not in ("", PUSH_PATH):
        return None
    try:
        origin = URL(text).origin()
    except ValueError:
        return None
    # A name with other letters has another form on the network. An underscore isn't part of names there, but works.
    return str(origin) if _is_reachable((origin.raw_host or "").replace("_", "x")) else None
