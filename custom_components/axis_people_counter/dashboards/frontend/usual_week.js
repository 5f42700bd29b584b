// The average visitors of each hour of the week, as a table whose cells are the darker the more people come.
import { FigureCard, make } from "./figure_card.js";

// The strongest colour on which the text is still easy to read, in light and dark.
const STRONGEST = 55;
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

class UsualWeek extends FigureCard {
  static kind = "usual_week";
  static seconds = 3600;
  static style = `
    td, th { text-align: center; padding: 3px 0; font-size: 0.8rem; font-variant-numeric: tabular-nums; overflow: hidden; }
    th[scope=row] { width: 3.6em; text-align: end; padding-inline-end: 6px; white-space: nowrap; }
    td { border-radius: 4px; }
    caption { caption-side: bottom; text-align: start; padding-top: 8px; color: var(--secondary-text-color); font-size: 0.85rem; }
  `;

  draw({ days: fromMonday }) {
    // The first day of the week as the person wants it; it is Monday if the person leaves it to the language.
    const first = Math.max(0, WEEKDAYS.indexOf(this._hass.locale?.first_weekday));
    const days = [...fromMonday.slice(first), ...fromMonday.slice(0, first)];
    const hours = this.shownHours(days);
    if (!hours.length) {
      this.show(make("div", { className: "quiet" }, this.texts.no_whole_hours));
      return;
    }
    const most = Math.max(1, ...days.flat().map((people) => people ?? 0));
    // The first of January 2024 is a Monday.
    const weekdays = days.map((_, number) =>
      make("th", { scope: "col" }, this.date(Date.UTC(2024, 0, 1 + first + number), { weekday: "short" })),
    );
    const cell = (people) => {
      const share = Math.round((STRONGEST * (people ?? 0)) / most);
      const background = `color-mix(in srgb, var(--primary-color) ${share}%, transparent)`;
      return make("td", { style: { background } }, people === null ? "–" : this.number(people));
    };
    const rows = hours.map((hour) => {
      const time = this.time(new Date(Date.UTC(2024, 0, 1, hour)));
      return make("tr", {}, make("th", { scope: "row" }, time), ...days.map((day) => cell(day[hour])));
    });
    this.show(
      make(
        "table",
        {},
        make("caption", {}, this.texts.usual_week_caption),
        make("thead", {}, make("tr", {}, make("td"), ...weekdays)),
        make("tbody", {}, ...rows),
      ),
    );
  }

  // From the first to the last hour in which anybody comes on any day.
  shownHours(days) {
    const busy = [...Array(24).keys()].filter((hour) => days.some((day) => day[hour]));
    return busy.length ? [...Array(busy.at(-1) - busy[0] + 1).keys()].map((number) => busy[0] + number) : [];
  }

  getCardSize() {
    return 8;
  }
}
customElements.define("people-counter-usual-week", UsualWeek);
