// Returns what is on the screen: the texts, what can be clicked but not be reached with the Tab key, and if nothing is
// shown at all. It goes through the tree as it is rendered: with the content of shadow roots, and what slots show.
() => {
  const childrenOf = (node) => {
    if (node.shadowRoot) return [...node.shadowRoot.childNodes];
    const assigned = node.localName === "slot" ? node.assignedNodes() : [];
    return assigned.length ? assigned : [...node.childNodes];
  };
  const parentOf = (node) =>
    node.assignedSlot ?? (node.parentNode instanceof ShadowRoot ? node.parentNode.host : node.parentElement);
  const isIn = (node, isOuter) => {
    for (let outer = node; outer; outer = parentOf(outer)) if (isOuter(outer)) return true;
    return false;
  };
  const isShown = (element) => {
    if (getComputedStyle(element).display === "contents") return true;
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const clips = (overflow) => overflow === "hidden" || overflow === "clip";
  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";

  // A text is cut where an element hides a part of it that nobody can scroll to.
  const isCut = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    let across = true;
    let down = true;
    for (let element = parentOf(node); element; element = parentOf(element)) {
      const style = getComputedStyle(element);
      if (style.display === "contents" || style.display === "inline") continue;
      const box = element.getBoundingClientRect();
      if (clips(style.overflowX) || clips(style.overflowY)) {
        const isOutside =
          text.right <= box.left || text.left >= box.right || text.bottom <= box.top || text.top >= box.bottom;
        // Hidden on purpose: a closed section, or a text for screen readers only.
        if (isOutside || box.width <= 1 || box.height <= 1) return false;
        if (across && style.textOverflow === "ellipsis" && element.scrollWidth > element.clientWidth) return true;
        if (across && clips(style.overflowX) && (text.right > box.right + 1 || text.left < box.left - 1)) return true;
        if (down && clips(style.overflowY) && (text.bottom > box.bottom + 4 || text.top < box.top - 4)) return true;
      }
      across &&= !scrolls(style.overflowX);
      down &&= !scrolls(style.overflowY);
    }
    return across && (text.right > innerWidth + 1 || text.left < -1);
  };

  // The boxes of a text's lines, without what has been scrolled out of sight.
  const shownBoxes = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    let boxes = [...range.getClientRects()].map(({ left, right, top, bottom }) => ({ left, right, top, bottom }));
    for (let element = parentOf(node); element; element = parentOf(element)) {
      const style = getComputedStyle(element);
      if (["contents", "inline"].includes(style.display) || style.overflowY === "visible") continue;
      const outer = element.getBoundingClientRect();
      boxes = boxes.map(({ left, right, top, bottom }) => ({
        left: Math.max(left, outer.left),
        right: Math.min(right, outer.right),
        top: Math.max(top, outer.top),
        bottom: Math.min(bottom, outer.bottom),
      }));
    }
    return boxes;
  };

  // The canvas turns any form of a CSS color into numbers.
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const colors = new Map();
  const toRgba = (color) => {
    if (!colors.has(color)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = color;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      colors.set(color, [red, green, blue, alpha / 255]);
    }
    return colors.get(color);
  };
  const over = ([red, green, blue, alpha], under) =>
    [red, green, blue].map((value, number) => value * alpha + under[number] * (1 - alpha));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  // The colors of these are those of Home Assistant's theme alone.
  const isThemed = (node) =>
    ["a", "ha-button", "ha-input", "ha-select", "ha-textarea", "ha-textfield"].includes(node.localName) ||
    node.slot === "headerSubtitle";
  // The contrast of a text to what is behind it, by WCAG; null if a picture is behind it, or if it can't be used now.
  const contrastOf = (node) => {
    if (isIn(parentOf(node), isThemed)) return null;
    const style = getComputedStyle(parentOf(node));
    const color = [...toRgba(style.webkitTextFillColor)];
    const layers = [];
    let isOpaque = false;
    for (let element = parentOf(node); element && !isOpaque; element = parentOf(element)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
      if (backgroundImage !== "none") return null;
      if (element.matches(":disabled, [disabled], [aria-disabled=true]")) return null;
      const layer = toRgba(backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      isOpaque = layer[3] === 1;
      color[3] *= Number(opacity);
    }
    const behind = layers.reduceRight((under, layer) => over(layer, under), over(toRgba("Canvas"), [255, 255, 255]));
    const [darker, lighter] = [luminance(over(color, behind)), luminance(behind)].sort((one, other) => one - other);
    return (lighter + 0.05) / (darker + 0.05);
  };

  // Flows, repairs and our dashboards contain the integration's own texts, apart from a few words of Home Assistant.
  const isOwnRoot = (node) => ["dialog-data-entry-flow", "dialog-repairs-issue", "hui-view"].includes(node.localName);

  const blocks = new Map();
  const addText = (node) => {
    const words = node.textContent.replace(/\s+/g, " ");
    if (!words.trim()) return;
    let isCode = false;
    let block = parentOf(node);
    while (block && ["inline", "contents"].includes(getComputedStyle(block).display)) {
      isCode ||= ["code", "pre"].includes(block.localName);
      block = parentOf(block);
    }
    isCode ||= ["code", "pre"].includes(block?.localName);
    const found = blocks.get(block) ?? { text: "", prose: "", is_cut: false, boxes: [], contrast: null };
    found.text += words;
    found.prose += isCode ? "" : words;
    found.is_cut ||= isCut(node);
    found.boxes.push(...shownBoxes(node));
    const contrast = contrastOf(node);
    if (contrast !== null) found.contrast = Math.min(contrast, found.contrast ?? contrast);
    blocks.set(block, found);
  };
  const addAttribute = (text) =>
    text && blocks.set(Symbol(text), { text, prose: text, is_cut: false, boxes: [], contrast: null });

  const isReachable = (element) =>
    element.matches("a[href], button, input, select, textarea, summary, label, [tabindex='0']") || element.tabIndex >= 0;
  const hasReachable = (node) =>
    node.nodeType === Node.ELEMENT_NODE && (isReachable(node) || childrenOf(node).some(hasReachable));
  const isInReachable = (element) => {
    for (let outer = element; outer; outer = parentOf(outer)) if (isReachable(outer)) return true;
    return false;
  };
  const shownText = (node) =>
    node.nodeType === Node.TEXT_NODE ? node.textContent : childrenOf(node).map(shownText).join(" ");
  const unreachable = [];
  const addClickable = (element) => {
    const parent = parentOf(element);
    const isPointer = getComputedStyle(element).cursor === "pointer";
    if (!isPointer || (parent && getComputedStyle(parent).cursor === "pointer")) return;
    // A list with roles is walked through with the arrow keys.
    for (let outer = element; outer; outer = parentOf(outer))
      if (outer.matches("[role=option], [role=menuitem], [role=radio], [role=tab], [role=treeitem]")) return;
    if (isInReachable(element) || hasReachable(element)) return;
    const words = shownText(element).replace(/\s+/g, " ").trim();
    if (words) unreachable.push(words.slice(0, 80));
  };

  // The page or dashboard, without the bars around it.
  let content = null;
  const broken = [];
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return addText(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (["script", "style", "template", "svg", "noscript", "title"].includes(node.localName) || !isShown(node)) return;
    if (["hui-view", "partial-panel-resolver"].includes(node.localName)) content = node;
    // Home Assistant shows these in place of a card that fails, and of one whose entity isn't there.
    if (["hui-error-card", "hui-warning"].includes(node.localName)) broken.push(shownText(node).replace(/\s+/g, " ").trim());
    for (const name of ["aria-label", "title", "placeholder", "alt"]) addAttribute(node.getAttribute(name));
    addClickable(node);
    childrenOf(node).forEach(visit);
  };
  // Behind an open dialog nothing can be used.
  const dialogs = [];
  const findDialogs = (node) => {
    if (node.localName === "dialog" && node.open) dialogs.push(node);
    childrenOf(node).forEach(findDialogs);
  };
  findDialogs(document.documentElement);
  content = dialogs.at(-1) ?? null;
  visit(content ?? document.body);
  content ??= document.body;

  const overlap = (one, other) =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > 4 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 6;
  // The box of a cut text goes on where nobody sees it.
  const isCovered = (block) =>
    !block.is_cut &&
    [...blocks.values()].some(
      (other) => other !== block && !other.is_cut && other.boxes.some((box) => block.boxes.some((own) => overlap(own, box))),
    );
  const lines = [...blocks].map(([element, block]) => ({
    is_cut: block.is_cut,
    is_covered: isCovered(block),
    is_own: element instanceof Element && isIn(element, isOwnRoot),
    contrast: block.contrast,
    text: block.text.replace(/\s+/g, " ").trim(),
    prose: block.prose.replace(/\s+/g, " ").trim(),
  }));
  const isOnScreen = ({ left, right, top, bottom }) =>
    right > left && bottom > top && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  const is_blank = ![...blocks].some(
    ([element, { boxes }]) => boxes.some(isOnScreen) && isIn(element, (outer) => outer === content),
  );
  return { blocks: lines.filter((line) => line.text), unreachable, broken, is_blank };
};
