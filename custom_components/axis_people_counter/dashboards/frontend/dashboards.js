// The dashboards of AXIS People Counter. The integration builds them in Python; this module asks for them.
import { reloadIfOutdated } from "./outdated.js";
import { hassOnPage, loadTexts, text } from "./texts.js";
import "./comparison.js";
import "./day.js";
import "./door.js";
import "./editor.js";
import "./inside.js";
import "./usual_week.js";
import "./waiting.js";

const DOMAIN = "axis_people_counter";
const DOCUMENTATION =
  "https://github.com/axis-people-counter/ha-axis-people-counter/blob/main/docs/dashboards.md";

// By the end of the type: what the command calls it, and the keys of its texts.
const KINDS = {
  "": { kind: "overview", name: "people_counter", description: "people_counter_description", icon: "mdi:account-group" },
  "-door": { kind: "door", name: "door_screen", description: "door_screen_description", icon: "mdi:door" },
  "-office": { kind: "office", name: "office", description: "office_description", icon: "mdi:storefront" },
};

// The parts of the registries that a dashboard is made of: when they change, it is built again.
const madeOf = (hass) => {
  const entities = Object.values(hass.entities).filter((entity) => entity.platform === DOMAIN);
  const devices = [...new Set(entities.map((entity) => entity.device_id))].map((id) => hass.devices[id]);
  return JSON.stringify([
    hass.language,
    entities.map((entity) => [entity.entity_id, entity.hidden]),
    devices.map((device) => device && [device.id, device.name_by_user ?? device.name, device.via_device_id]),
  ]);
};

const strategy = ({ kind, name, icon }) =>
  class extends HTMLElement {
    static async generate(config, hass) {
      const { type, ...options } = config;
      await reloadIfOutdated();
      try {
        return await hass.callWS({ type: `${DOMAIN}/dashboard`, kind, options, language: hass.language });
      } catch {
        // Home Assistant is starting, or the integration can't be set up.
        const cards = [{ type: `custom:people-counter-${kind === "door" ? "door" : "waiting"}`, kind }];
        return { views: [{ title: text(name), path: "waiting", type: "panel", cards }] };
      }
    }

    static shouldRegenerate(config, before, now) {
      if (before.entities === now.entities && before.devices === now.devices && before.language === now.language)
        return false;
      return madeOf(before) !== madeOf(now);
    }

    static getConfigElement() {
      const editor = document.createElement("people-counter-editor");
      editor.kind = kind;
      return editor;
    }

    static async getCreateSuggestions(hass) {
      await loadTexts(hass);
      return { title: text(name), icon };
    }
  };

window.customStrategies ??= [];
for (const [end, found] of Object.entries(KINDS)) {
  customElements.define(`ll-strategy-dashboard-people-counter${end}`, strategy(found));
  window.customStrategies.push({
    type: `people-counter${end}`,
    strategyType: "dashboard",
    // They are read whenever the list of dashboards is shown.
    get name() {
      return text(found.name);
    },
    get description() {
      return text(found.description);
    },
    documentationURL: DOCUMENTATION,
  });
}
hassOnPage().then(loadTexts);
