// A quiet page that is shown until the integration answers; then the dashboard appears by itself.
import { hassOnPage, loadTexts, text } from "./texts.js";

const SECONDS = 5;

class Waiting extends HTMLElement {
  setConfig({ kind }) {
    this.kind = kind;
  }

  connectedCallback() {
    this.setAttribute("role", "status");
    Object.assign(this.style, {
      display: "grid",
      placeContent: "center",
      height: "100%",
      minHeight: "60vh",
      padding: "24px",
      textAlign: "center",
      fontSize: "1.25rem",
      color: "var(--secondary-text-color)",
    });
    hassOnPage()
      .then(loadTexts)
      .catch(() => {})
      .then(() => (this.textContent = text("waiting")));
    this.timer = setInterval(() => this.ask(), SECONDS * 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async ask() {
    const hass = await hassOnPage();
    try {
      await hass.callWS({ type: "axis_people_counter/dashboard", kind: this.kind, language: hass.language });
    } catch {
      return;
    }
    clearInterval(this.timer);
    // Home Assistant then builds the whole dashboard again.
    this.dispatchEvent(new CustomEvent("config-refresh", { bubbles: true, composed: true }));
  }

  getCardSize() {
    return 6;
  }
}
customElements.define("people-counter-waiting", Waiting);
