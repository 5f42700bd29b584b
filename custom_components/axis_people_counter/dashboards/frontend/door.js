// The screen at the door of a place, as a card that covers the window: come in, please wait, or unknown.
// `dashboards/door.py` builds its configuration; without one, the integration isn't ready yet.
import { askUntilReady } from "./waiting.js";
import { text } from "./texts.js";

const SIGNS = {
  go: "M50 20 76 48H61v32H39V48H24z",
  stop: "M22 41h56v18H22z",
  unknown: "M31 40a19 19 0 1 1 28 16.800q-4 2.200-4 8.200H45q0-13 9-17.800a9 9 0 1 0-13-7.200zM45 71h10v10H45z",
};
// The time without a key or a touch after which the button, or Home Assistant around the screen, disappears.
const BUTTON_STAYS = 6000;
const BARS_STAY = 30000;
const MOVES = ["keydown", "pointerdown", "pointermove"];

const TEMPLATE = `
<style>
  :host { display: block; }
  dialog {
    box-sizing: border-box; position: relative; inset: auto; width: 100%; max-width: none; max-height: none;
    height: calc(100vh - var(--header-height, 56px)); height: calc(100dvh - var(--header-height, 56px));
    margin: 0; padding: 0; border: 0; overflow: hidden; container-type: size; color: #fff; background: #5c5c5c;
    font-family: var(--ha-font-family-body, Roboto, Noto, sans-serif); user-select: none; -webkit-user-select: none;
  }
  dialog.preview { height: 320px; }
  dialog:modal { position: fixed; inset: 0; height: 100vh; height: 100dvh; cursor: none; }
  dialog.awake { cursor: auto; }
  dialog.go { background: #14703a; }
  dialog.stop { background: #b71c1c; }
  .screen {
    display: grid; box-sizing: border-box; height: 100%; gap: 4cqmin; place-content: center; place-items: center;
    text-align: center; outline: none;
    padding: max(5cqmin, env(safe-area-inset-top)) max(5cqmin, env(safe-area-inset-right))
      max(5cqmin, env(safe-area-inset-bottom)) max(5cqmin, env(safe-area-inset-left));
  }
  p { margin: 0; overflow-wrap: break-word; min-width: 0; max-width: 100%; text-wrap: balance; line-height: 1.15; }
  p:empty { display: none; }
  svg { width: min(64cqw, 38cqh); fill: #fff; }
  circle { fill: none; stroke: #fff; stroke-width: 6; }
  .text { display: grid; max-width: 100%; grid-template-columns: minmax(0, 1fr); gap: 3cqmin; justify-items: center; }
  .place { font-size: min(7cqw, 5cqh); }
  .headline { font-size: min(14cqw, 9cqh); font-weight: 700; }
  .unknown .headline { font-size: min(8cqw, 6cqh); }
  .free { font-size: min(8cqw, 5.5cqh); font-weight: 500; }
  .free b { font-size: 2.2em; font-weight: 700; line-height: 1; }
  .nearly {
    font-size: min(8cqw, 5cqh); font-weight: 700; padding: 0.2em 0.7em; border-radius: 1em;
    color: #1f1f1f; background: #ffd54f;
  }
  .reason { font-size: max(14px, min(4.5cqw, 2.6cqh)); max-width: 34em; }
  @container (orientation: landscape) {
    .screen { grid-template: auto minmax(0, 1fr) / 5fr 6fr; place-content: stretch; }
    .place { grid-column: 1 / -1; font-size: min(4.5cqw, 8cqh); }
    .place:empty ~ svg, .place:empty ~ .text { grid-row: 1 / -1; }
    svg { width: min(38cqw, 66cqh); }
    .headline { font-size: min(8cqw, 15cqh); }
    .unknown .headline { font-size: min(4.5cqw, 9cqh); }
    .free { font-size: min(4.6cqw, 9cqh); }
    .nearly { font-size: min(4.2cqw, 8cqh); }
    .reason { font-size: max(14px, min(2cqw, 3.8cqh)); }
  }
  button {
    position: absolute; top: max(12px, env(safe-area-inset-top)); left: max(12px, env(safe-area-inset-left));
    min-height: 48px; padding: 0 20px; border: 0; border-radius: 24px; font: inherit; font-size: 16px;
    color: #1f1f1f; background: #fff; cursor: pointer; opacity: 0; pointer-events: none;
  }
  button:focus-visible, .awake button { opacity: 1; pointer-events: auto; }
  button:focus-visible { outline: 4px solid #1f1f1f; }
  dialog:not(:modal) button { display: none; }
</style>
<dialog>
  <div class="screen" tabindex="-1" autofocus>
    <p class="place"></p>
    <svg viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="46"></circle><path></path></svg>
    <div class="text" role="status" aria-live="polite" aria-atomic="true">
      <p class="headline"></p>
      <p class="free"></p>
      <p class="nearly"></p>
      <p class="reason"></p>
    </div>
  </div>
  <button type="button"></button>
</dialog>`;

// The states from before the connection was lost: they stay for a moment when it is back.
let oldStates;

class Door extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = TEMPLATE;
    this.dialog = root.querySelector("dialog");
    this.button = root.querySelector("button");
    this.path = root.querySelector("path");
    [this.place, this.headline, this.free, this.nearly, this.reason] = root.querySelectorAll("p");
    this.button.addEventListener("click", () => this.showBars());
    // Escape, or the way back of a phone.
    this.dialog.addEventListener("close", () => this.isCovering && !this.dialog.open && this.showBars());
    this.moved = () => (this.isCovering ? this.showButton() : this.showBars());
  }

  setConfig(config) {
    this.config = config;
    this.ask();
    this.show();
  }

  set hass(hass) {
    this._hass = hass;
    if (!hass.connected) oldStates = hass.states;
    this.show();
  }

  set preview(isPreview) {
    this.isPreview = isPreview;
    this.dialog.classList.toggle("preview", Boolean(isPreview));
    if (isPreview) this.uncover();
    else this.cover();
  }

  getCardSize() {
    return 10;
  }

  connectedCallback() {
    MOVES.forEach((kind) => window.addEventListener(kind, this.moved, true));
    this.ask();
    this.cover();
  }

  disconnectedCallback() {
    MOVES.forEach((kind) => window.removeEventListener(kind, this.moved, true));
    clearTimeout(this.resting);
    this.ask();
    this.uncover();
  }

  // Without words it isn't known what to show: the integration is asked until it answers.
  ask() {
    clearInterval(this.asking);
    if (!this.isConnected || this.config.words) return;
    this.asking = askUntilReady(this, "door");
  }

  // A modal dialog covers the window, so that nothing under it can be reached or read.

  cover() {
    if (this.isCovering || !this.isConnected || this.isPreview) return;
    this.isCovering = true;
    this.dialog.close();
    this.dialog.showModal();
  }

  uncover() {
    this.isCovering = false;
    this.dialog.classList.remove("awake");
    this.dialog.close();
    // The method `show` would take the focus.
    this.dialog.open = true;
  }

  showBars() {
    if (this.isPreview) return;
    this.uncover();
    this.restAfter(BARS_STAY, () => this.cover());
  }

  showButton() {
    this.dialog.classList.add("awake");
    this.restAfter(BUTTON_STAYS, () => this.dialog.classList.remove("awake"));
  }

  restAfter(milliseconds, rest) {
    clearTimeout(this.resting);
    this.resting = setTimeout(rest, milliseconds);
  }

  // Most changes in Home Assistant change nothing here.
  show() {
    if (!this._hass) return;
    const shown = this.shown();
    const before = this.before;
    this.before = JSON.stringify(shown);
    if (this.before === before) return;
    for (const sign in SIGNS) this.dialog.classList.toggle(sign, sign === shown.sign);
    this.path.setAttribute("d", SIGNS[shown.sign]);
    this.dialog.setAttribute("aria-label", shown.label);
    this.button.textContent = shown.button;
    for (const part of ["place", "headline", "nearly", "reason"]) this[part].textContent = shown[part] ?? "";
    const number = document.createElement("b");
    number.textContent = shown.number;
    const [start, end] = shown.free?.split("{number}") ?? [];
    this.free.replaceChildren(...(shown.free ? [start, number, end] : []));
  }

  shown() {
    const { words, place, show_name: isNamed, problem } = this.config;
    if (!words) {
      const product = "AXIS People Counter";
      return { sign: "unknown", label: product, headline: text("waiting"), button: "Home Assistant" };
    }
    const { connected, language, states } = this._hass;
    const state = (key) => states[this.config[key]]?.state;
    const isKnown = !problem && connected && states !== oldStates;
    const sign = (isKnown && { on: "stop", off: "go" }[state("entity")]) || "unknown";
    const shown = { sign, label: place, place: isNamed ? place : "", headline: words[sign], button: words.button };
    if (sign === "unknown") shown.reason = problem ?? (connected ? words.silent : words.disconnected);
    const free = Number(state("free_places"));
    if (sign === "go" && free > 0) {
      shown.free = free === 1 ? words.free_one : words.free;
      shown.number = new Intl.NumberFormat(language).format(free);
    }
    if (sign === "go" && state("nearly_full") === "on") shown.nearly = words.nearly_full;
    return shown;
  }
}
customElements.define("people-counter-door", Door);
