// Elements without markup: text from files and metadata is always text.

/**
 * Make an element.
 *
 * Props are properties (className, value, ...), except: `on` maps events to handlers,
 * `aria` and `data` map to attributes, `attr` sets any other attribute. Children are
 * nodes or texts; null and false are left out.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  const { on = {}, aria = {}, data = {}, attr = {}, ...rest } = props;
  Object.assign(node, rest);
  for (const [name, handler] of Object.entries(on)) node.addEventListener(name, handler);
  for (const [name, value] of Object.entries(aria)) node.setAttribute(`aria-${name}`, value);
  for (const [name, value] of Object.entries(data)) node.dataset[name] = value;
  for (const [name, value] of Object.entries(attr)) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return node;
}

/** Put nodes in the place of everything an element holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
  return node;
}

/** Say something to those who do not see the page. */
export function announce(message) {
  document.getElementById("announcer").textContent = message;
}

let lastId = 0;

/** Return an id that nothing has yet, to tie labels to fields. */
export function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** A button that does something. */
export function button(label, onclick, { kind = "", title = "", disabled = false } = {}) {
  return el("button", { type: "button", className: `button ${kind}`, title, disabled, on: { click: onclick } }, label);
}

/** A box that says what went wrong and what to do. */
export function problemBox(title, message, ...actions) {
  return el("div", { className: "problem", attr: { role: "alert" } },
    el("strong", {}, title), el("p", {}, message),
    actions.length ? el("div", { className: "actions" }, ...actions) : null);
}

/** Offer a text or a blob as a file. */
export function download(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
