"""Answers questions by voice: how many people are inside, and how many visitors came today.

The set-up of an entry starts it. Its sentences are conversation triggers, as those of automations are, so every voice
assistant of Home Assistant knows them; without the integration `conversation` there are none. Home Assistant itself
answers such a question with the number of persons in a zone of that name, usually 0.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
import logging
from typing import Any, Final

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.const import CONF_COMMAND, CONF_PLATFORM, EVENT_COMPONENT_LOADED
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.script import ScriptRunResult
from homeassistant.helpers.translation import LOCALE_EN, async_get_translations
from homeassistant.helpers.trigger import async_initialize_triggers
from homeassistant.setup import EventComponentLoaded
from homeassistant.util.language import matches

from ..const import DOMAIN, NAME
from ..coordinator import CameraCoordinator
from ..devices import async_device
from ..place_coordinator import PlaceCoordinator
from ..receiver import PeopleCounterConfigEntry
from ..settings import is_door
from .sentences import GRAMMARS, MAX_NAMES, MAX_WORDS, Question, find_name, readable, sentences, ways_to_say

_LOGGER = logging.getLogger(__name__)

CONVERSATION: Final = "conversation"
# The keys of the sensors that answer a question, the best one first.
SENSORS: Final = {Question.INSIDE: ("occupancy",), Question.VISITORS: ("visitors_today", "in_today")}


@dataclass(frozen=True, slots=True)
class Target:
    """A place or a camera that can be asked about."""

    coordinator: PlaceCoordinator | CameraCoordinator
    # How each name is written, by how it is said. The first is that of the device.
    names: Mapping[str, str]
    # A question without a name is about all of these.
    is_main: bool
    # The sensor with the answer, None if there is none.
    sensor: er.RegistryEntry | None
    is_exposed: bool

    @property
    def silent(self) -> list[str]:
        """The names of its silent cameras."""
        if isinstance(self.coordinator, PlaceCoordinator):
            return self.coordinator.silent
        return [] if self.coordinator.connected else [self.coordinator.camera.name]


class Voice:
    """Registers the sentences, again whenever a name has changed, and answers them."""

    def __init__(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
        """Register nothing yet."""
        self._hass = hass
        self._entry = entry
        self._lock = asyncio.Lock()
        self._is_stopped = False
        self._registered: dict[Question, list[str]] = {}
        self._remove: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Register the sentences now, or when the integration `conversation` is set up."""

        @callback
        def is_conversation(data: EventComponentLoaded) -> bool:
            return data["component"] == CONVERSATION

        for event, event_filter in (
            (EVENT_COMPONENT_LOADED, is_conversation),
            (dr.EVENT_DEVICE_REGISTRY_UPDATED, _changes("name", "name_by_user", "area_id")),
            (er.EVENT_ENTITY_REGISTRY_UPDATED, _changes("aliases")),
            (ar.EVENT_AREA_REGISTRY_UPDATED, None),
        ):
            self._entry.async_on_unload(self._hass.bus.async_listen(event, self._names_changed, event_filter))
        self._entry.runtime_data.camera_callbacks.append(self._names_changed)
        self._names_changed()

    @callback
    def async_stop(self) -> None:
        """Remove the sentences."""
        self._is_stopped = True
        self._async_remove()

    @callback
    def _async_remove(self) -> None:
        while self._remove:
            self._remove.pop()()

    @callback
    def _names_changed(self, _: Event[Any] | CameraCoordinator | None = None) -> None:
        if CONVERSATION in self._hass.config.components:
            self._entry.async_create_task(self._hass, self._async_register(), f"{DOMAIN} voice")

    async def _async_register(self) -> None:
        """Replace the registered sentences by those with the names of now, if any name has changed."""
        async with self._lock:
            by_question = {question: self._targets(question) for question in Question}
            wanted = {
                question: list(sentences(question, names_of(targets)))
                for question, targets in by_question.items()
                if targets
            }
            if self._is_stopped or wanted == self._registered:
                return
            self._async_remove()
            self._registered = wanted
            for question, commands in wanted.items():
                remove = await async_initialize_triggers(
                    self._hass,
                    [{CONF_PLATFORM: CONVERSATION, CONF_COMMAND: commands}],
                    partial(self._async_answer, question),
                    DOMAIN,
                    NAME,
                    _LOGGER.log,
                )
                if remove:
                    self._remove.append(remove)
            if self._is_stopped:
                self._async_remove()

    def _targets(self, question: Question) -> list[Target]:
        """Return what can be asked about, places first."""
        receiver = self._entry.runtime_data
        found = [self._target(place, question, is_main=True) for place in receiver.places.values()]
        for camera in receiver.cameras.values():
            if not is_door(self._entry, camera.key):
                found.append(self._target(camera, question, is_main=not receiver.places))
            elif question is Question.VISITORS:
                # Only the place knows how many people are inside, and it has the name of the area.
                found.append(self._target(camera, question, is_main=False, has_area=False))
        return found

    def _target(
        self,
        coordinator: PlaceCoordinator | CameraCoordinator,
        question: Question,
        *,
        is_main: bool,
        has_area: bool = True,
    ) -> Target:
        """Return a target with its names: of its device, aliases of its sensors, and of the device's area."""
        device = async_device(self._hass, self._entry, coordinator.key)
        names = [(device and (device.name_by_user or device.name)) or coordinator.name]
        registry = er.async_get(self._hass)
        ids = [registry.async_get_entity_id(SENSOR, DOMAIN, f"{coordinator.key}_{key}") for key in SENSORS[question]]
        sensors = [sensor for entity_id in ids if entity_id and (sensor := registry.async_get(entity_id))]
        names += [alias for sensor in sensors for alias in sensor.aliases if isinstance(alias, str)]
        area_id = device.area_id if device and has_area else None
        if area_id and (area := ar.async_get(self._hass).async_get_area(area_id)):
            names += [area.name, *sorted(area.aliases)]

        exposed = [sensor for sensor in sensors if not sensor.disabled and self._is_exposed(sensor)]
        sensors.sort(key=lambda sensor: sensor.disabled)
        return Target(
            coordinator,
            {said: readable(name) for name in names for said in ways_to_say(name) if said},
            is_main,
            sensor=next(iter([*exposed, *sensors]), None),
            is_exposed=bool(exposed),
        )

    def _is_exposed(self, sensor: er.RegistryEntry) -> bool:
        return async_should_expose(self._hass, CONVERSATION, sensor.entity_id)

    async def _async_answer(
        self, question: Question, variables: Mapping[str, Any], _: Context | None = None
    ) -> ScriptRunResult:
        """Return the answer to a sentence, as the result of an automation."""
        trigger = variables["trigger"]
        language = next(iter(matches(trigger["user_input"]["language"], GRAMMARS)), LOCALE_EN)
        words = await self._async_words(language)
        targets = self._targets(question)
        if found := find_name(trigger["sentence"], names_of(targets)):
            name, before, ending = found
            targets = [target for target in targets if name in target.names]
            # A camera may be called as its place.
            targets = [target for target in targets if target.is_main] or targets
            # A person may ask in another language than the one of the assistant, in which the answer is.
            is_known = before in GRAMMARS[language].before
            where = f"{before}{targets[0].names[name]}{ending}" if is_known else ""
        else:
            targets = [target for target in targets if target.is_main]
            where = ""
        if not where and question is Question.INSIDE:
            where = words["here"]
        # A question about several leaves out those that aren't for voice assistants.
        targets = [target for target in targets if target.is_exposed] or targets[:1]
        if len(targets) > 1:
            answer = self._answer_each(question, targets, words)
        else:
            answer = " ".join(self._answer_one(question, target, where, words) for target in targets)
        silent = sorted({readable(name) for target in targets if target.is_exposed for name in target.silent})
        if silent:
            answer = f"{answer} {words['silent'].format(cameras=', '.join(silent))}"
        return ScriptRunResult(conversation_response=answer, service_response=None, variables={})

    async def _async_words(self, language: str) -> Mapping[str, str]:
        """Return the texts of answers in a language that has a grammar."""
        texts = await async_get_translations(self._hass, language, "common", [DOMAIN])
        prefix = f"component.{DOMAIN}.common.voice_"
        return {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}

    def _answer_each(self, question: Question, targets: Iterable[Target], words: Mapping[str, str]) -> str:
        parts = []
        for target in targets:
            name, count = next(iter(target.names.values()), ""), self._count(target)
            parts.append(words["each_unknown"].format(name=name) if count is None else f"{name} {count}")
        return words[f"each_{question}"].format(each=", ".join(parts))

    def _answer_one(self, question: Question, target: Target, where: str, words: Mapping[str, str]) -> str:
        if target.sensor and not target.is_exposed:
            name = readable(er.async_get_full_entity_name(self._hass, target.sensor))
            return words["disabled" if target.sensor.disabled else "unexposed"].format(entity=name)
        count = self._count(target)
        if count is None:
            return words["unknown"]
        key = {0: f"{question}_none", 1: f"{question}_one"}.get(count, f"{question}_many")
        return " ".join(words[key].format(count=count, where=where).split()).replace(" .", ".")

    def _count(self, target: Target) -> int | None:
        """Return what the sensor of a target shows, None if that is no number."""
        state = target.sensor and self._hass.states.get(target.sensor.entity_id)
        return int(state.state) if state and state.state.isdecimal() else None


def _changes(*fields: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return a filter for changes of a registry in which a name with any of these fields may change or end."""

    @callback
    def is_relevant(data: Mapping[str, Any]) -> bool:
        return data["action"] == "remove" or not set(fields).isdisjoint(data.get("changes", ()))

    return is_relevant


def names_of(targets: Iterable[Target]) -> list[str]:
    """Return how targets are said, each name once, as many as sentences can have."""
    names: list[str] = []
    words_left = MAX_WORDS
    for name in dict.fromkeys(name for target in targets for name in target.names):
        # Names may come from cameras, so one may have a hundred words. Shorter ones after it still fit.
        if len(names) < MAX_NAMES and (words := len(name.split())) <= words_left:
            names.append(name)
            words_left -= words
    return names
