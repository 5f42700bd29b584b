// Returns what is on the screen: the texts, and what can be clicked but not be reached with the Tab key.
// It goes through the tree as it is rendered: with the content of shadow roots, and what slots show.
() => {
  const childrenOf = (node) => {
    if (node.shadowRoot) return [...node.shadowRoot.childNodes];
    const assigned = node.localName === "slot" ? node.assignedNodes() : [];
    return assigned.length ? assigned : [...node.childNodes];
  };
  const parentOf = (node) =>
    node.assignedSlot ?? (node.parentNode instanceof ShadowRoot ? node.parentNode.host : node.parentElement);
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
    const found = blocks.get(block) ?? { text: "", prose: "", is_cut: false, boxes: [] };
    found.text += words;
    found.prose += isCode ? "" : words;
    found.is_cut ||= isCut(node);
    found.boxes.push(...shownBoxes(node));
    blocks.set(block, found);
  };
  const addAttribute = (text) => text && blocks.set(Symbol(text), { text, prose: text, is_cut: false, boxes: [] });

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
    if (element.closest("[role=option], [role=menuitem], [role=radio], [role=tab], [role=treeitem]")) return;
    if (isInReachable(element) || hasReachable(element)) return;
    const words = shownText(element).replace(/\s+/g, " ").trim();
    if (words) unreachable.push(words.slice(0, 80));
  };

  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return addText(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (["script", "style", "template", "svg", "noscript", "title"].includes(node.localName) || !isShown(node)) return;
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
  visit(dialogs.at(-1) ?? document.body);

  const overlap = (one, other) =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > 4 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 6;
  // The box of a cut text goes on where nobody sees it.
  const isCovered = (block) =>
    !block.is_cut &&
    [...blocks.values()].some(
      (other) => other !== block && !other.is_cut && other.boxes.some((box) => block.boxes.some((own) => overlap(own, box))),
    );
  const lines = [...blocks.values()].map((block) => ({
    is_cut: block.is_cut,
    is_covered: isCovered(block),
    text: block.text.replace(/\s+/g, " ").trim(),
    prose: block.prose.replace(/\s+/g, " ").trim(),
  }));
  return { blocks: lines.filter((line) => line.text), unreachable };
};
