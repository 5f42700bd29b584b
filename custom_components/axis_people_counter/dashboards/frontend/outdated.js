// A page that stays open across an update, as on a wall, has the module of the version before, without its new cards.
const RELOADED = "people-counter-reloaded";
// Something between the browser and Home Assistant may keep the old page.
const MAX_RELOADS = 2;

// Loads the page again if Home Assistant has the module of another version.
export const reloadIfOutdated = async () => {
  try {
    const answer = await fetch(new URL("../dashboards.js", import.meta.url));
    const [, module] = (await answer.text()).match(/^import "([^"]+)";$/m) ?? [];
    if (!module || module === new URL("dashboards.js", import.meta.url).pathname) return;
    const [before, times] = JSON.parse(sessionStorage.getItem(RELOADED)) ?? [];
    const reloads = before === module ? times + 1 : 1;
    if (reloads > MAX_RELOADS) return;
    sessionStorage.setItem(RELOADED, JSON.stringify([module, reloads]));
  } catch {
    // Home Assistant is starting, or the browser keeps nothing for the page.
    return;
  }
  location.reload();
};
