// Returns the buttons, links and fields of the open dialog, else of the dashboard, and takes note of those that get the
// focus. Of a group that the arrow keys walk through, such as radio buttons, the Tab key has to reach only one.
() => {
  const ROUNDS = 2;
  const childrenOf = (node) => {
    if (node.shadowRoot) return [...node.shadowRoot.childNodes];
    const assigned = node.localName === "slot" ? node.assignedNodes() : [];
    return assigned.length ? assigned : [...node.childNodes];
  };
  const find = (node, matches) => [
    ...(node.nodeType === Node.ELEMENT_NODE && matches(node) ? [node] : []),
    ...childrenOf(node).flatMap((child) => find(child, matches)),
  ];
  const parentOf = (node) =>
    node.assignedSlot ?? (node.parentNode instanceof ShadowRoot ? node.parentNode.host : node.parentElement);
  const isInGroup = (element) => {
    for (let outer = element; outer; outer = parentOf(outer))
      if (outer.matches("[role=radio], [role=option], [role=menuitem], [role=tab], [type=radio], ha-radio-option")) return true;
    return false;
  };
  const isControl = (element) =>
    element.matches("a[href], button, input, select, textarea, summary, [tabindex='0']") &&
    !element.matches(":disabled, [inert], [inert] *, [aria-hidden=true], [type=hidden]") &&
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 1;
  const dialog = find(document.documentElement, (element) => element.localName === "dialog" && element.open).at(-1);
  const root = dialog ?? find(document.documentElement, (element) => element.localName === "hui-view").at(-1);
  const left = new Set(root ? find(root, isControl).filter((element) => !isInGroup(element)) : []);
  const visits = new Map();
  let last = null;
  const found = { isOver: false };
  // The key is released on what has the focus now. (The events of the focus itself don't leave a shadow root.)
  const note = (event) => {
    const [focused] = event.composedPath();
    for (let outer = focused; outer; outer = parentOf(outer)) left.delete(outer);
    // In a date, the focus stays for day, month and year.
    if (focused !== last) visits.set(focused, (visits.get(focused) ?? 0) + 1);
    last = focused;
    // The focus has been everywhere when it comes back; twice, because a dialog that has just opened moves it.
    found.isOver ||= (focused !== document.body && visits.get(focused) > ROUNDS) || !left.size;
  };
  const nameOf = (element) =>
    `${element.localName} ${element.ariaLabel ?? element.name ?? ""} ${element.textContent}`.replace(/\s+/g, " ").trim();
  found.isOver = !left.size;
  addEventListener("keyup", note);
  found.end = () => {
    removeEventListener("keyup", note);
    // Some may have gone meanwhile.
    return [...left].filter((element) => element.isConnected).map((element) => nameOf(element).slice(0, 80));
  };
  return found;
};
