// The integration's texts in the language of the person, from the same translations as all others.
const DOMAIN = "axis_people_counter";

const page = () => document.querySelector("home-assistant")?.hass;

// The page's connection to Home Assistant, once it is there.
export const hassOnPage = async () => {
  while (!page()?.localize || !page().loadBackendTranslation) await new Promise((done) => setTimeout(done, 200));
  return page();
};

export const loadTexts = (hass) => hass.loadBackendTranslation("common", DOMAIN);

export const text = (key) => page()?.localize?.(`component.${DOMAIN}.common.${key}`) || "AXIS People Counter";
