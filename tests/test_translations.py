"""Translations, icons and descriptions of actions agree with the code and with each other."""

import ast
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
import json
import re
from string import Formatter
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.axis_people_counter import PLATFORMS, issues
from custom_components.axis_people_counter.checks.agreement import REASONS
from custom_components.axis_people_counter.config_flow import TASKS
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting.earlier import Earlier
from custom_components.axis_people_counter.counting.local_time import Period
from custom_components.axis_people_counter.counting.rejected import Reason
from custom_components.axis_people_counter.door_entities import HIDDEN_AT_DOORS
from custom_components.axis_people_counter.exports.export import INTERVALS, PERIODS
from custom_components.axis_people_counter.exports.formats import FORMATS
from custom_components.axis_people_counter.flows.address_form import DIRECT, HOME_ASSISTANT
from custom_components.axis_people_counter.flows.choices import BY_HAND, PREPARE
from custom_components.axis_people_counter.flows.direction_repairs import DIRECTIONS
from custom_components.axis_people_counter.flows.fill_repairs import CHOICES
from custom_components.axis_people_counter.flows.guide_steps import NEXT_STEPS
from custom_components.axis_people_counter.http.view import REFUSALS
from custom_components.axis_people_counter.import_actions import PERIODS as IMPORT_PERIODS
from custom_components.axis_people_counter.old_counts import FaultKind
from custom_components.axis_people_counter.repairs import ANOTHER_DOOR, QUARANTINE_CHOICES
from custom_components.axis_people_counter.reports.action import PERIODS as PERIODS_OF_REPORTS
from custom_components.axis_people_counter.reports.files import SAVE_TO
from custom_components.axis_people_counter.texts.messages import name_placeholders
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.util.yaml import parse_yaml

from .helpers.flows import begin, choices, choose, enter
from .helpers.translations import ENGLISH, ENGLISH_TEXTS, INTEGRATION, flat, translation
from .simulator import Device

LANGUAGES: Final = ("de", "fr", "sv")
# The modules with the steps of the config flow and of the options, and their errors.
FLOW_MODULES: Final = (
    "config_flow",
    "flows/address_form",
    "flows/camera_steps",
    "flows/guide_steps",
    "flows/replace_flow",
)
# The calls whose first argument is the key of a message.
MESSAGES: Final = ("Message", "CameraError", "LoginError", "AnswerError", "FileError", "camera_error")
# What Axis' pages call things: a translation must leave them as they are.
AXIS_WORDS: Final = (
    "AXIS 3D People Counter",
    "AXIS People Counter",
    "Axis Retail Data 0.4",
    "API token**",
    "Push Reporting",
    "Report to server",
    "Send interval",
    "Settings > Reporting",
    "Setup > Counter",
    "Setup > Reporting",
    "System > Date and time",
    "Test connection",
    "**Save**",
    "**URL**",
)


# The length that fits beside the button that closes a dialog, on a window of 390 pixels.
MAX_TITLE: Final = 28
# Units that are right after 1 and after 20, because Home Assistant has no plurals for units.
UNITS: Final = {
    "en": {"counted", "uncounted", "inside", "free", "apart", "net"},
    "de": {"Pers.", "drinnen", "frei"},
    "fr": {"pers.", "sur place", "pl."},
    "sv": {"pers.", "inne", "kvar"},
}
# Words that another language has as well.
SAME_AS_ENGLISH: Final = {
    "de": {"Format", "Import", "Name", "Port", "Text"},
    "fr": {"5 minutes", "15 minutes", "30 minutes", "Date", "Format", "Import", "Passage", "Port"},
    "sv": {"Format", "Import", "In", "Passage", "Period", "Port", "Start", "Text"},
}


def from_yaml(text: str) -> Any:
    """Return parsed YAML."""
    return parse_yaml(text)


def placeholders(text: str) -> Counter[str]:
    """Return the placeholders of a text, and how often each occurs."""
    return Counter(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def calls(*, without: tuple[str, ...] = ()) -> Iterator[ast.Call]:
    """Yield all calls in the integration's code."""
    for path in INTEGRATION.rglob("*.py"):
        if path.name not in without:
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of a keyword argument."""
    return next((argument.value for argument in call.keywords if argument.arg == name), None)


def constants(node: ast.expr | None) -> set[str]:
    """Return the possible values of an expression: a text, or one of two."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=orelse):
            return constants(body) | constants(orelse)
        case _:
            return set()


def descriptions(platform: str) -> dict[str, Any]:
    """Return the descriptions of a platform's entities by key."""
    found: dict[str, Any] = {}
    for value in vars(import_module(f"custom_components.{DOMAIN}.{platform}")).values():
        for one in value if isinstance(value, tuple) else (value,):
            # Not all of them are instances of EntityDescription: Home Assistant makes some of them from a copy of it.
            if hasattr(one, "entity_registry_enabled_default") and isinstance(getattr(one, "key", None), str):
                found.setdefault(one.key, one)
    return found


def names_at_doors(platform: str) -> dict[str, str]:
    """Return the other translation keys that entities have at cameras of a place, by their own."""
    found = {key: getattr(one, "key_at_door", None) for key, one in descriptions(platform).items()}
    return {key: name for key, name in found.items() if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation_is_complete(language: str) -> None:
    """Compare keys, placeholders, code and Axis' own words with English."""
    texts = dict(flat(translation(language)))
    assert list(texts) == list(ENGLISH_TEXTS)
    for key, english in ENGLISH_TEXTS.items():
        text = texts[key]
        assert text, key
        assert placeholders(text) == placeholders(english), key
        assert re.findall("`[^`]*`", text) == re.findall("`[^`]*`", english), key
        assert text.count("**") % 2 == 0, key
        assert text.count("\n\n") == english.count("\n\n"), key
        for word in AXIS_WORDS:
            assert text.count(word) == english.count(word), (key, word)


def test_languages() -> None:
    """Test every language that exists."""
    assert {path.stem for path in (INTEGRATION / "translations").iterdir()} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_translation_obeys_hassfest(language: str) -> None:
    """Find no address, HTML, or quote that hides a placeholder from the frontend."""
    for key, text in flat(translation(language)):
        assert text == text.strip(), key
        assert not re.search(r"((https?|ftp|mqtt)://|www\.)[a-z0-9]+([-.][a-z0-9]+)*\.[a-z]{2,5}", text, re.IGNORECASE)
        assert not re.search(r"<[a-zA-Z/].*>", text), key
        assert all(name.isidentifier() for name in placeholders(text)), key
        # To the frontend an apostrophe before a brace begins a quotation.
        assert not re.search(r"'[{}]|[{}]'", text), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    """Find no text that is equal to the English one, unless the language has the same word."""
    for key, text in flat(translation(language)):
        is_word = re.search(r"[^\W\d_]{2}", re.sub(r"`[^`]*`|\{\w+\}|API token|URL", "", text))
        if is_word and text == ENGLISH_TEXTS[key]:
            assert text in SAME_AS_ENGLISH[language], key


def steps(texts: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the steps of all flows with their paths."""
    for key, value in texts.items():
        if key == "step":
            yield from ((f"{path}step.{step_id}", step) for step_id, step in value.items())
        elif isinstance(value, dict):
            yield from steps(value, f"{path}{key}.")


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_steps(language: str) -> None:
    """Find a button that says what it does in each step, and a title that isn't cut on a phone."""
    for path, step in steps(translation(language)):
        assert step["submit"] not in ("Submit", "OK", "Valider", "Senden", "Envoyer", "Soumettre", "Skicka"), path
        assert "{" not in step["title"], path
        assert len(step["title"]) <= MAX_TITLE, path


def test_messages_without_markdown() -> None:
    """Find no Markdown in texts that are shown as plain text."""
    for key, text in ENGLISH_TEXTS.items():
        if key.startswith(("config.error.", "exceptions.")) or key.endswith((".title", ".name")):
            assert not re.search(r"[`*]", text), key


def test_translated_entities() -> None:
    """Find a name for each entity, and a unit for each count."""
    translated = {platform: set(entities) for platform, entities in ENGLISH["entity"].items()}
    assert translated == {
        str(platform): {*descriptions(platform), *names_at_doors(platform).values()} for platform in PLATFORMS
    }
    assert {key for platform in PLATFORMS for key in names_at_doors(platform)} == HIDDEN_AT_DOORS
    for key, description in descriptions("sensor").items():
        counts = description.device_class is None and description.native_unit_of_measurement is None
        assert ("unit_of_measurement" in ENGLISH["entity"]["sensor"][key]) is counts
    reasons = ENGLISH["entity"]["sensor"]["difference_yesterday"]["state_attributes"]["reason"]["state"]
    assert tuple(reasons) == REASONS
    for key, description in descriptions("event").items():
        event_types = ENGLISH["entity"]["event"][key]["state_attributes"]["event_type"]["state"]
        assert list(event_types) == description.event_types


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_units_of_one_and_of_many(language: str) -> None:
    """Find only units that are right after any number."""
    sensors = translation(language)["entity"]["sensor"].values()
    units = {sensor["unit_of_measurement"] for sensor in sensors if "unit_of_measurement" in sensor}
    assert units <= UNITS[language]


def test_translated_issues() -> None:
    """Find texts for each repair, with the placeholders that the code gives."""
    assert set(ENGLISH["issues"]) == set(issues.ISSUES)
    fixable = {key for key, issue in issues.ISSUES.items() if issue.fixable}
    assert {key for key, texts in ENGLISH["issues"].items() if "fix_flow" in texts} == fixable
    # The view shows issues of a table, whose placeholders are seen in test_http.py and test_repairs.py.
    begun = {refusal.issue.key for refusal in REFUSALS.values() if refusal.issue and refusal.issue.of_sender}
    for call in calls(without=("issues.py", "view.py")):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr in ("async_begin", "async_show_while")):
            continue
        constant = call.args[1 if call.func.attr == "async_begin" else 2]
        if isinstance(constant, ast.Subscript):
            # A problem of the listener, which is looked at below.
            continue
        assert isinstance(constant, ast.Attribute)
        key = getattr(issues, constant.attr).key
        begun.add(key)
        texts = " ".join(text for _, text in flat(ENGLISH["issues"][key]))
        # The only thing unpacked is a camera's name, once for titles and once for descriptions.
        given = {
            name for argument in call.keywords for name in ([argument.arg] if argument.arg else name_placeholders(""))
        }
        # A title needs no name. What a flow knows and fills in is seen where it is walked through, in test_repairs.py.
        assert key in fixable or given - {"name"} <= set(placeholders(texts)) <= given, key
    for key, filled_in in messages(of_issues=True):
        begun.add(key)
        description = ENGLISH["issues"][key]["description"]
        assert filled_in is None or filled_in == set(placeholders(description)), key
    assert begun == set(issues.ISSUES)


def messages(*, of_issues: bool) -> Iterator[tuple[str, set[str] | None]]:
    """Yield the keys of messages, and what is filled in where the code shows that at once.

    Those that a repair issue can show have a constant of issues.py as their key, all others a text.
    """
    for call in calls(without=("issues.py", "messages.py")):
        if ast.unparse(call.func).rpartition(".")[2] not in MESSAGES:
            continue
        key, *rest = call.args
        filled_in: set[str] | None = None
        if rest and isinstance(rest[0], ast.Dict) and all(rest[0].keys):
            filled_in = {name for node in rest[0].keys for name in constants(node)}
        # Such a key is written issues.NAME.key.
        is_of_issue = isinstance(key, ast.Attribute) and key.attr == "key" and "issues." in ast.unparse(key)
        if is_of_issue and of_issues:
            yield getattr(issues, ast.unparse(key).split(".")[1]).key, filled_in
        elif not is_of_issue and not of_issues:
            yield from ((one, filled_in) for one in constants(key))


def test_translated_exceptions() -> None:
    """Find a message for each exception, with the placeholders that the code gives."""
    raised: set[str] = set()
    for call in calls(without=("issues.py",)):
        if ast.unparse(call.func).endswith("SelectSelectorConfig"):
            # Its choices are looked at below.
            continue
        for key in constants(keyword(call, "translation_key")):
            raised.add(key)
            given = keyword(call, "translation_placeholders") or ast.Dict([], [])
            assert isinstance(given, ast.Dict)
            keys = {name for node in given.keys for name in constants(node)}
            assert keys == set(placeholders(ENGLISH["exceptions"][key]["message"])), key
    # Sentences of dialogs; of the listener's problems only those that a dialog can find.
    said = list(messages(of_issues=False))
    said += [(key, filled_in) for key, filled_in in messages(of_issues=True) if key in ENGLISH["exceptions"]]
    for key, filled_in in said:
        raised.add(key)
        assert filled_in is None or filled_in >= set(placeholders(ENGLISH["exceptions"][key]["message"])), key
    assert raised == set(ENGLISH["exceptions"])


def test_translated_flows() -> None:
    """Find a text for each step, error, reason and result of a flow, and none left over."""
    modules = [ast.parse((INTEGRATION / f"{name}.py").read_text()) for name in FLOW_MODULES]
    found: dict[str, dict[str, set[str]]] = {}
    for definition in (node for module in modules for node in module.body):
        if not isinstance(definition, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        flow = found.setdefault(
            "options" if "Options" in definition.name else "config",
            {"step": set(), "error": set(), "abort": set(), "create_entry": set(), "progress": set()},
        )
        for node in ast.walk(definition):
            if isinstance(node, ast.Call):
                flow["step"] |= constants(keyword(node, "step_id"))
                flow["abort"] |= constants(keyword(node, "reason"))
                flow["create_entry"] |= constants(keyword(node, "description"))
                flow["progress"] |= constants(keyword(node, "progress_action"))
                if ast.unparse(node.func) == "abort_on_ledger_errors":
                    flow["abort"].add("ledger_error")
            elif isinstance(node, ast.Assign) and re.match(r"errors\[|error$", ast.unparse(node.targets[0])):
                flow["error"] |= constants(node.value)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                # Errors by field, with what is filled in.
                errors = node.value.elts[0]
                flow["error"] |= {one for value in getattr(errors, "values", ()) for one in constants(value)}
    # The step in which something goes on has a text for that, and none of its own.
    found["config"]["step"] -= found["config"]["progress"]
    for name, flow in found.items():
        assert {kind: set(ENGLISH[name].get(kind, ())) for kind in flow} == flow, name


async def test_translated_fields(hass: HomeAssistant, entry: MockConfigEntry, socket_enabled: None) -> None:
    """Find a name and a description for each field of each step."""

    def check(flow: str, result: ConfigFlowResult) -> None:
        step = ENGLISH[flow]["step"][result["step_id"]]
        schema = result["data_schema"]
        assert schema is not None
        names = {str(field) for field in schema.schema}
        sections = set(step.get("sections", ()))
        assert names >= sections
        assert set(step.get("data", ())) == set(step.get("data_description", ())) == names - sections
        for name, inner in schema.schema.items():
            if str(name) in sections:
                texts = step["sections"][str(name)]
                fields = {str(field) for field in inner.schema.schema}
                assert set(texts["data"]) == set(texts["data_description"]) == fields
        given = set(result["description_placeholders"] or ())
        assert set(placeholders(step.get("description", ""))) <= given

    async def look(result: ConfigFlowResult, *chosen: str) -> None:
        """Go to a step, and look at it."""
        for choice in chosen:
            result = await choose(hass, result, choice)
        check("config", result)
        hass.config_entries.flow.async_abort(result["flow_id"])

    assert await hass.config_entries.async_setup(entry.entry_id)
    for chosen in ((), ("show",), ("home_assistant",), ("direct",), ("new_token",), ("show", "prepare")):
        await look(await entry.start_reconfigure_flow(hass), *chosen)
    check("options", await hass.config_entries.options.async_init(entry.entry_id))
    await hass.config_entries.async_remove(entry.entry_id)
    for chosen in ((), ("home_assistant",), ("by_hand",), ("prepare",)):
        await look(await begin(hass), *chosen)
    for step in ("by_hand", "by_hand_direct"):
        assert "`{url}`" in ENGLISH["config"]["step"][step]["description"]
        assert "`{token}`" in ENGLISH["config"]["step"][step]["description"]


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_buttons_say_what_they_do(language: str) -> None:
    """Find a label for the button of each step: without one, Home Assistant shows Submit."""
    texts = translation(language)
    for flow in ("config", "options"):
        for step, shown in texts[flow]["step"].items():
            assert shown.get("submit"), (flow, step)


def words(text: str) -> int:
    """Return the number of words in a text, without what is filled in and code."""
    return sum(any(map(str.isalpha, word)) for word in re.sub(r"\{\w+\}|`[^`]*`", "", text).split())


async def words_of(result: ConfigFlowResult) -> int:
    """Return the number of words in a step: its title, its text, and all about its fields and its button."""
    shown = [text for _, text in flat(ENGLISH["config"]["step"][result["step_id"]])]
    for field, options in choices(result).items():
        shown += [ENGLISH["selector"][field]["options"][option] for option in options]
    return sum(map(words, shown))


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_buttons_are_called_as_they_are(language: str) -> None:
    """Find the labels of the buttons in the repairs that lead to them."""
    texts = translation(language)
    change_place = texts["config_subentries"]["place"]["initiate_flow"]["reconfigure"]
    for issue in ("door_missing", "place_time_zone_unknown", "opening_hours_gone", "sales_gone"):
        assert f"**{change_place}**" in texts["issues"][issue]["description"]
    damaged = texts["issues"]["listener_authority_damaged"]["description"]
    by_hand, direct = texts["selector"]["way"]["options"]["by_hand"], texts["selector"]["task"]["options"]["direct"]
    assert f"**{direct}**" in damaged
    assert f"**{by_hand}**" in damaged


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_one_name_on_dashboards_and_devices(language: str) -> None:
    """Find the same name for an entity on its device and on dashboards, where one heading says more."""
    texts = translation(language)
    names = {key: shown["name"] for entities in texts["entity"].values() for key, shown in entities.items()}
    on_dashboards = {key: name for key, name in texts["common"].items() if key in names and key != "missing_minutes"}
    assert on_dashboards == {key: names[key] for key in on_dashboards}


@pytest.mark.parametrize("way", ["by_hand", "prepare"])
async def test_set_up_is_short(hass: HomeAssistant, way: str, socket_enabled: None) -> None:
    """Show URL and token in the third dialog at the latest, with at most 200 words so far.

    A camera whose certificate can't be verified needs one dialog more.
    """
    result = await begin(hass)
    dialogs = [await words_of(result)]
    async with Device() as device:
        result = await choose(hass, result, way)
        dialogs.append(await words_of(result))
        if way == "prepare":
            result = await enter(hass, result, host=device.address, username=device.username, password=device.password)
            dialogs.append(await words_of(result))
    assert {"url", "token"} <= placeholders(ENGLISH["config"]["step"][result["step_id"]]["description"]).keys()
    assert len(dialogs) <= 3
    assert sum(dialogs) <= 200


def test_translated_system_health() -> None:
    """Find a name for each line of the system information."""
    lines: set[str] = set()
    for node in ast.walk(ast.parse((INTEGRATION / "system_health.py").read_text())):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
            lines |= {name for key in node.value.keys for name in constants(key)}
    assert lines == set(ENGLISH["system_health"]["info"])


def test_icons() -> None:
    """Find an icon for each entity without a device class, and none left over."""
    icons = json.loads((INTEGRATION / "icons.json").read_text())
    for platform in PLATFORMS:
        entities = descriptions(platform)
        with_icon = set(icons["entity"].get(platform, ()))
        assert with_icon <= {*entities, *names_at_doors(platform).values()}
        without_class = {key for key, entity in entities.items() if getattr(entity, "device_class", None) is None}
        assert without_class <= with_icon, platform
    assert icons["entity"].keys() <= {str(platform) for platform in PLATFORMS}
    assert icons["services"].keys() == ENGLISH["services"].keys()
    assert all(text.startswith("mdi:") for _, text in flat(icons))


async def test_services(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Find a description and a translation for each action and its fields."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    services = from_yaml((INTEGRATION / "services.yaml").read_text())
    registered = hass.services.async_services_for_domain(DOMAIN)
    assert set(services) == set(ENGLISH["services"]) == set(registered)
    targets = {str(field) for field in cv.ENTITY_SERVICE_FIELDS}
    for key, service in services.items():
        fields = service.get("fields", {})
        assert set(fields) == set(ENGLISH["services"][key].get("fields", ()))
        target = {}
        if "target" in service:
            # Since 2025.11 hassfest takes filters of entities only; a device can be chosen all the same.
            assert service["target"].keys() == {"entity"}
            selector.TargetSelector.CONFIG_SCHEMA(service["target"])
            target = {"entity_id": "sensor.one"}
        schema = registered[key].schema
        assert schema
        with pytest.raises(vol.Invalid):
            schema({**target, "unknown": 1})
        given = schema({**target, **{name: fields[name]["example"] for name in fields}})
        assert set(given) - targets == set(fields), key


def test_choices_of_services() -> None:
    """Find a name for each choice; the action accepts exactly these choices."""
    services = from_yaml((INTEGRATION / "services.yaml").read_text())
    options = {
        (key, name): field["selector"]["select"]
        for key, service in services.items()
        for name, field in service.get("fields", {}).items()
        if "select" in field["selector"]
    }
    assert {place: tuple(select["options"]) for place, select in options.items()} == {
        ("export_counts", "format"): tuple(FORMATS),
        ("export_counts", "period"): (*Period, INTERVALS),
        ("create_report", "period"): PERIODS_OF_REPORTS,
        ("create_report", "save_to"): SAVE_TO,
        ("get_counts", "compare"): tuple(Earlier),
        ("get_counts", "period"): tuple(Period),
        ("import_counts", "period"): IMPORT_PERIODS,
    }
    assert set(PERIODS) == {*Period, INTERVALS}
    translated = {key: set(texts["options"]) for key, texts in ENGLISH["selector"].items()}
    # These are the names of series of statistics.
    assert translated.pop("series") == {"in", "out", "adults_in", "adults_out", "occupancy"}
    # What is offered beside cameras, by their own names.
    assert translated.pop("old_camera") == {ANOTHER_DOOR}
    assert translated.pop("direction") == set(DIRECTIONS)
    assert translated.pop("gaps") == set(CHOICES)
    assert translated.pop("quarantine") == set(QUARANTINE_CHOICES)
    assert translated.pop("quarantine_reason") == set(Reason)
    assert translated.pop("import_fault") == set(FaultKind)
    assert translated.pop("way") == {PREPARE, BY_HAND, DIRECT, HOME_ASSISTANT}
    assert translated.pop("next") == set(NEXT_STEPS)
    assert translated.pop("task") == set(TASKS)
    assert translated == {
        "compare": set(Earlier),
        "format": set(FORMATS),
        "period": set(PERIODS),
        "report_period": set(PERIODS_OF_REPORTS),
        "save_to": set(SAVE_TO),
    }
    assert all(select["translation_key"] in translated for select in options.values())
    # Home Assistant draws a list of choices before it has loaded their texts, and leaves it so.
    assert {select["mode"] for select in options.values()} == {"dropdown"}


def test_german_is_informal() -> None:
    """Address a person as Home Assistant does in German."""
    texts = (INTEGRATION / "translations" / "de.json").read_text()
    assert not re.findall(r"\w+en Sie\b[^\"]{0,20}", texts)
