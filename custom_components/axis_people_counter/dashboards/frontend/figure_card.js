// The base of the module's own cards: asks the integration for figures, and again after some time.
const DOMAIN = "axis_people_counter";

const STYLE = `
  ha-card { padding: 16px; box-sizing: border-box; height: 100%; }
  .quiet { color: var(--secondary-text-color); }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  table { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; }
  th { font-weight: normal; color: var(--secondary-text-color); }
`;

// Makes an element; a text never becomes markup.
export const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") Object.assign(element.style, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

export class FigureCard extends HTMLElement {
  // A subclass says which figures it shows, how often they are asked for, its own style, and draws them.
  static kind = "";
  static seconds = 60;
  static style = "";

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  setConfig(config) {
    this.config = config;
    this.texts = config.texts;
  }

  set hass(hass) {
    const isFirst = !this._hass;
    const isBack = this._hass && !this._hass.connected && hass.connected;
    this._hass = hass;
    if (isFirst || isBack) this.refresh();
  }

  get language() {
    return this._hass.locale?.language ?? this._hass.language;
  }

  connectedCallback() {
    this.timer = setInterval(() => this.refresh(), this.constructor.seconds * 1000);
    this.refresh();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    clearTimeout(this.retry);
  }

  // Further fields of the question.
  question() {
    return {};
  }

  async refresh() {
    if (!this._hass || !this.isConnected) return;
    const fields = this.question();
    // An answer that comes after a newer question was asked is too old.
    const asked = (this.asked = {});
    let figures;
    try {
      const kind = this.constructor.kind;
      figures = await this._hass.callWS({ type: `${DOMAIN}/figures`, key: this.config.key, kind, ...fields });
    } catch {
      if (this.asked !== asked) return;
      // Home Assistant is starting. What is shown stays.
      if (!this.isDrawn) this.show(make("div", { className: "quiet" }, this.texts.waiting));
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.refresh(), 10_000);
      return;
    }
    if (this.asked !== asked) return;
    this.isDrawn = true;
    this.draw(figures);
  }

  show(...children) {
    const style = make("style", {}, STYLE + this.constructor.style);
    this.shadowRoot.replaceChildren(style, make("ha-card", {}, ...children));
  }

  number(value, options = {}) {
    return new Intl.NumberFormat(this.language, options).format(value);
  }

  // A local time is given as if it were UTC: it stays as it is, wherever the browser is.
  date(local, options) {
    return new Intl.DateTimeFormat(this.language, { ...options, timeZone: "UTC" }).format(local);
  }

  // A time of day as the person wants it: 5 PM, 5:30 PM or 17:00.
  time(local) {
    const wanted = { 12: true, 24: false }[this._hass.locale?.time_format];
    const is12 = wanted ?? new Intl.DateTimeFormat(this.language, { hour: "numeric" }).resolvedOptions().hour12;
    const minute = is12 && !local.getUTCMinutes() ? undefined : "2-digit";
    return this.date(local, { hour: "numeric", minute, hour12: is12 });
  }

  getCardSize() {
    return 4;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }
}
