// The hours of one day, which a person chooses.
import { FigureCard, make } from "./figure_card.js";

class Day extends FigureCard {
  static kind = "day";
  static seconds = 300;
  static style = `
    header { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
    button, input { font: inherit; color: var(--primary-text-color); background: var(--secondary-background-color);
      border: 1px solid var(--outline-color, var(--divider-color)); border-radius: 8px; min-height: 40px; padding: 0 12px; }
    button { min-width: 40px; cursor: pointer; }
    button:disabled { opacity: 0.4; cursor: default; }
    button:focus-visible, input:focus-visible { outline: 2px solid var(--primary-color); }
    .sum { margin-inline-start: auto; font-weight: 500; }
    .chart { display: flex; align-items: flex-end; gap: 2px; height: 160px; margin-top: 16px; border-bottom: 1px solid var(--divider-color); }
    .hour { flex: 1; display: flex; align-items: flex-end; height: 100%; gap: 1px; }
    .hour div { flex: 1; border-radius: 2px 2px 0 0; min-height: 1px; background: var(--primary-color); }
    .hour div + div { background: var(--secondary-text-color); }
    .axis { display: flex; gap: 2px; font-size: 0.75rem; color: var(--secondary-text-color); }
    .axis span { flex: 1 1 0; width: 0; white-space: nowrap; }
    .legend { display: flex; gap: 16px; margin-top: 8px; font-size: 0.85rem; }
    .legend span::before { content: ""; display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px;
      margin-inline-end: 6px; background: var(--primary-color); }
    .legend span + span::before { background: var(--secondary-text-color); }
  `;

  question() {
    return this.day ? { day: this.day } : {};
  }

  choose(day) {
    this.day = day;
    return this.refresh();
  }

  draw({ day, today, hours, visitors }) {
    if (!this.isBuilt) this.build();
    // Today's card shows tomorrow's day after midnight; a chosen day stays.
    this.shown = day;
    // A new limit or value ends what a person is typing.
    if (this.field.max !== today) this.field.max = today;
    if (this.shadowRoot.activeElement !== this.field) this.field.value = day;
    this.next.disabled = day >= today;
    const texts = this.texts;
    // Some are unknown: those of a day whose opening hours are.
    this.sum.textContent = texts.visitors.replace("{number}", visitors === null ? "–" : this.number(visitors));
    const name = (hour) => this.time(new Date(`${day}T${hour.hour}Z`));
    const tip = (hour) => `${name(hour)}: ${texts.in} ${hour.in}, ${texts.out} ${hour.out}`;
    const most = Math.max(1, ...hours.flatMap((hour) => [hour.in, hour.out]));
    const bar = (people) => make("div", { style: { height: `${(100 * people) / most}%` } });
    const bars = hours.map((hour) => make("div", { className: "hour", title: tip(hour) }, bar(hour.in), bar(hour.out)));
    const labels = hours.map((hour, number) => make("span", {}, number % 4 ? "" : name(hour)));
    const rows = hours.map((hour) =>
      make("tr", {}, make("th", { scope: "row" }, name(hour)), make("td", {}, hour.in), make("td", {}, hour.out)),
    );
    const head = ["hour", "in", "out"].map((key) => make("th", { scope: "col" }, texts[key]));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
    const chart = hours.some((hour) => hour.is_counted)
      ? [
          make("div", { "aria-hidden": "true" }, make("div", { className: "chart" }, ...bars), make("div", { className: "axis" }, ...labels)),
          make("div", { className: "legend", "aria-hidden": "true" }, make("span", {}, texts.in), make("span", {}, texts.out)),
          make("div", { className: "unseen" }, table),
        ]
      : [make("p", { className: "quiet" }, texts.no_counts_that_day)];
    this.content.replaceChildren(...chart);
  }

  // The field stays the same element, so that it keeps the focus.
  build() {
    const texts = this.texts;
    const step = (days) => {
      const date = new Date(`${this.day ?? this.shown}T12:00:00Z`);
      date.setUTCDate(date.getUTCDate() + days);
      return this.choose(date.toISOString().slice(0, 10));
    };
    const button = (label, sign, days) =>
      make("button", { type: "button", "aria-label": label, title: label, onclick: () => step(days) }, sign);
    this.next = button(texts.next_day, "›", 1);
    this.field = make("input", { type: "date", min: "2000-01-01", "aria-label": texts.day });
    // While a person types a year, the field has days of the year 2.
    this.field.addEventListener("change", () => this.field.value && this.field.checkValidity() && this.choose(this.field.value));
    this.field.addEventListener("blur", () => (this.field.value = this.day ?? this.shown));
    this.sum = make("span", { className: "sum", role: "status" });
    this.content = make("div");
    this.show(make("header", {}, button(texts.previous_day, "‹", -1), this.field, this.next, this.sum), this.content);
    this.isBuilt = true;
  }

  getCardSize() {
    return 5;
  }
}
customElements.define("people-counter-day", Day);
