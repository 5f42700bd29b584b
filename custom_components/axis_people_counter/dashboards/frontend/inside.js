// The people inside in each open hour of one or more days: how many on average, and how many at most.
import { FigureCard, make } from "./figure_card.js";

// So many times of the day stand below a chart.
const LABELS = 4;

const isIncomplete = (hour) => !hour.complete && hour.average !== null;

class Inside extends FigureCard {
  static kind = "inside";
  static seconds = 300;
  static style = `
    .top { font-size: 0.75rem; color: var(--secondary-text-color); border-bottom: 1px dashed var(--divider-color); }
    .days { display: flex; gap: 8px; }
    .day { min-width: 1.8em; }
    .chart { display: flex; height: 140px; }
    .hour { position: relative; flex: 1; border-bottom: 1px solid var(--secondary-text-color); }
    .break { margin-inline-start: 8px; }
    .hour div { position: absolute; inset: auto 8% 0; box-sizing: border-box; min-height: 1px; }
    .most { border-top: 2px solid var(--primary-color); border-radius: 2px 2px 0 0;
      background: color-mix(in srgb, var(--primary-color) 35%, transparent); }
    .average { background: var(--primary-color); }
    .incomplete .average { background: repeating-linear-gradient(-45deg, var(--primary-color) 0 2px, transparent 2px 4px); }
    .uncounted { background: color-mix(in srgb, var(--secondary-text-color) 60%, transparent); }
    .hour .uncounted { inset: auto 0 0; height: 6px; }
    .axis { display: flex; font-size: 0.75rem; color: var(--secondary-text-color); }
    .axis span { flex: 1 1 0; width: 0; white-space: nowrap; }
    .name { text-align: center; font-size: 0.75rem; color: var(--secondary-text-color); }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 8px; font-size: 0.85rem; }
    .legend span { display: flex; align-items: center; gap: 6px; }
    .legend i { width: 0.8em; height: 0.8em; box-sizing: border-box; }
    p { margin: 8px 0 0; font-size: 0.85rem; }
  `;

  question() {
    return { days: this.config.days };
  }

  draw({ days }) {
    const { texts } = this;
    const hours = days.flatMap((day) => day.hours);
    if (!hours.some((hour) => hour.average !== null)) {
      this.show(make("div", { className: "quiet" }, hours.length ? texts.no_counts_then : texts.no_open_hours));
      return;
    }
    this.isOneDay = days.length === 1;
    const most = Math.max(1, ...hours.map((hour) => hour.most));
    const swatch = (name, text, parent = "") =>
      make("span", { className: parent }, make("i", { className: name }), text);
    this.show(
      make(
        "div",
        { "aria-hidden": "true" },
        make("div", { className: "top" }, this.number(most)),
        make("div", { className: "days" }, ...days.map((day) => this.day(day, most))),
        make(
          "div",
          { className: "legend" },
          swatch("average", texts.average),
          swatch("most", texts.most_inside),
          hours.some(isIncomplete) ? swatch("average", texts.not_complete, "incomplete") : null,
          hours.some((hour) => hour.average === null) ? swatch("uncounted", texts.not_counted) : null,
        ),
      ),
      days.every((day) => day.hours_known) ? "" : make("p", { className: "quiet" }, texts.hours_unknown),
      make("div", { className: "unseen" }, this.table(days)),
    );
  }

  // The bars of a day, and below them the times of one day, or the weekday of several.
  day(day, most) {
    const bar = (name, people) => make("div", { className: name, style: { height: `${(100 * people) / most}%` } });
    const bars = day.hours.map((hour) =>
      make(
        "div",
        {
          className: `hour ${hour.complete ? "" : "incomplete"} ${hour.after_break ? "break" : ""}`,
          title: `${this.name(day, hour)}: ${this.people(hour)}`,
        },
        ...(hour.average === null
          ? [make("div", { className: "uncounted" })]
          : [bar("most", hour.most), bar("average", hour.average)]),
      ),
    );
    const weekday = this.date(new Date(`${day.day}T00:00Z`), { weekday: "short" });
    // A day without opening hours keeps some room for its name.
    const width = { flex: `${day.hours.length} 1 0` };
    const below = this.isOneDay ? this.axis(day) : make("div", { className: "name" }, weekday);
    return make("div", { className: "day", style: width }, make("div", { className: "chart" }, ...bars), below);
  }

  axis(day) {
    const step = Math.ceil(day.hours.length / LABELS);
    let since = step;
    const labels = day.hours.map((hour) => {
      const isNamed = since >= (hour.after_break ? step / 2 : step);
      since = isNamed ? 1 : since + 1;
      return make("span", { className: hour.after_break ? "break" : "" }, isNamed ? this.hour(day, hour) : "");
    });
    return make("div", { className: "axis" }, ...labels);
  }

  table(days) {
    const { texts } = this;
    const head = [texts.hour, texts.average, texts.most_inside].map((text) => make("th", { scope: "col" }, text));
    const row = (name, ...cells) =>
      make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell)));
    // The last day is today, which may open later.
    const closed = (day) => (day === days.at(-1) ? texts.no_open_hours : texts.closed);
    const rows = days.flatMap((day) =>
      day.hours.length
        ? day.hours.map((hour) => {
            const name = this.name(day, hour);
            return row(isIncomplete(hour) ? `${name} (${texts.not_complete})` : name, ...this.numbers(hour));
          })
        : [row(this.dayName(day), closed(day), closed(day))],
    );
    return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  }

  hour(day, { hour }) {
    return this.time(new Date(`${day.day}T${hour}Z`));
  }

  dayName({ day }) {
    return this.date(new Date(`${day}T00:00Z`), { weekday: "long", day: "numeric", month: "long" });
  }

  name(day, hour) {
    return this.isOneDay ? this.hour(day, hour) : `${this.dayName(day)}, ${this.hour(day, hour)}`;
  }

  // The numbers of an hour as texts.
  numbers({ average, most }) {
    const unknown = this.texts.not_counted;
    if (average === null) return [unknown, unknown];
    return [this.number(average, { maximumFractionDigits: average < 10 ? 1 : 0 }), this.number(most)];
  }

  people(hour) {
    const { average, most_inside: most, not_complete: incomplete, not_counted: unknown } = this.texts;
    if (hour.average === null) return unknown;
    const [mean, highest] = this.numbers(hour);
    return `${average} ${mean}, ${most} ${highest}${isIncomplete(hour) ? ` (${incomplete})` : ""}`;
  }

  getCardSize() {
    return 5;
  }
}
customElements.define("people-counter-inside", Inside);
