// Today's visitors, and those of the same weekday last week up to the same time.
import { FigureCard, make } from "./figure_card.js";

class Comparison extends FigureCard {
  static kind = "comparison";
  static style = `
    .line { display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; align-items: baseline; }
    .line + .line { margin-top: 12px; }
    .bar { grid-column: 1 / -1; height: 8px; border-radius: 4px; background: var(--divider-color); overflow: hidden; }
    .bar div { height: 100%; border-radius: 4px; background: var(--primary-color); }
    .before .bar div { background: var(--secondary-text-color); }
    b { font-size: 1.25rem; font-weight: 500; font-variant-numeric: tabular-nums; }
    p { margin: 12px 0 0; }
  `;

  draw({ until, today, last_week: before, complete }) {
    if (!until) {
      this.show(make("div", { className: "quiet" }, this.texts.no_counts_today));
      return;
    }
    const local = new Date(`${until}Z`);
    const fill = (text) => {
      const filled = text.replace("{time}", this.time(local)).replace("{weekday}", this.date(local, { weekday: "long" }));
      // Some languages begin with the weekday, which is a small letter there.
      return filled[0].toLocaleUpperCase(this.language) + filled.slice(1);
    };
    const most = Math.max(today, before ?? 0, 1);
    const line = (text, people, name) =>
      make(
        "div",
        { className: `line ${name}` },
        make("span", {}, fill(text)),
        make("b", {}, this.number(people)),
        make("div", { className: "bar" }, make("div", { style: { width: `${(100 * people) / most}%` } })),
      );
    const lines = [line(this.texts.today_until, today, "now")];
    if (before === null) {
      lines.push(make("p", { className: "quiet" }, this.texts.no_counts_last_week));
    } else {
      lines.push(line(this.texts.last_week_until, before, "before"));
      lines.push(make("p", { className: "quiet" }, complete ? this.difference(today, before) : this.texts.not_all_counted));
    }
    this.show(...lines);
  }

  difference(today, before) {
    if (today === before) return this.texts.as_many;
    const people = this.number(Math.abs(today - before));
    if (!before) return this.texts.more.replace("{number}", people);
    const percent = this.number(Math.abs(today / before - 1), { style: "percent" });
    const text = today > before ? this.texts.more_percent : this.texts.fewer_percent;
    return text.replace("{number}", people).replace("{percent}", percent);
  }

  getCardSize() {
    return 3;
  }
}
customElements.define("people-counter-comparison", Comparison);
