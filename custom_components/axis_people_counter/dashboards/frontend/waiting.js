// A quiet page that is shown until the integration answers; then the dashboard appears by itself.
import { hassOnPage, loadTexts, text } from "./texts.js";

const SECONDS = 5;

// Asks again and again for a dashboard; when there is one, Home Assistant builds the page of the card again.
export const askUntilReady = (card, kind) => {
  const timer = setInterval(async () => {
    const hass = await hassOnPage();
    try {
      await hass.callWS({ type: "axis_people_counter/dashboard", kind, language: hass.language });
    } catch {
      return;
    }
    clearInterval(timer);
    card.dispatchEvent(new CustomEvent("config-refresh", { bubbles: true, composed: true }));
  }, SECONDS * 1000);
  return timer;
};

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
    this.timer = askUntilReady(this, this.kind);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  getCardSize() {
    return 6;
  }
}
customElements.define("people-counter-waiting", Waiting);
