// The form for the options of a dashboard, which Home Assistant shows when a person edits it.
const DOMAIN = "axis_people_counter";

class Editor extends HTMLElement {
  setConfig(config) {
    this.config = config;
    this.update();
  }

  set hass(hass) {
    const isFirst = !this._hass;
    this._hass = hass;
    if (this.form) this.form.hass = hass;
    if (isFirst) this.build();
  }

  async build() {
    const { kind, _hass: hass } = this;
    const [answer] = await Promise.all([
      hass.callWS({ type: `${DOMAIN}/dashboard_form`, kind, language: hass.language }),
      loadForm(),
    ]);
    this.values = answer.values;
    this.form = document.createElement("ha-form");
    Object.assign(this.form, {
      hass: this._hass,
      schema: answer.schema,
      computeLabel: ({ name }) => answer.labels[name],
    });
    this.form.addEventListener("value-changed", (event) => {
      event.stopPropagation();
      this.change(event.detail.value);
    });
    this.replaceChildren(this.form);
    this.update();
  }

  update() {
    if (this.form && this.config) this.form.data = { ...this.values, ...this.config };
  }

  // An option that has its first value isn't stored.
  change(options) {
    const config = { ...options };
    for (const [name, value] of Object.entries(this.values))
      if (isSame(config[name], value)) delete config[name];
    this.config = config;
    this.update();
    this.dispatchEvent(new CustomEvent("config-changed", { detail: { config }, bubbles: true, composed: true }));
  }
}

// The order in which a person selects places means nothing.
const isSame = (one, other) =>
  Array.isArray(one) && Array.isArray(other)
    ? one.length === other.length && one.every((item) => other.includes(item))
    : one === other;

// Home Assistant loads its form together with the editors of its cards.
const loadForm = async () => {
  if (customElements.get("ha-form")) return;
  const helpers = await window.loadCardHelpers();
  const card = await helpers.createCardElement({ type: "entities", entities: [] });
  await card.constructor.getConfigElement();
  await customElements.whenDefined("ha-form");
};

customElements.define("people-counter-editor", Editor);
