// Questions and forms over the page; the browser keeps the focus inside.

import { button, el, newId } from "./dom.js";
import { text } from "./strings.js";

/** Show a dialog with a heading; returns it, with `close()`. Escape closes it. */
export function open(heading, children, { onClose = () => {} } = {}) {
  const id = newId("dialog");
  const node = el("dialog", { className: "dialog", aria: { labelledby: id } }, el("h2", { id }, heading), ...children);
  const opener = document.activeElement;
  node.addEventListener("close", () => {
    onClose();
    node.remove();
    if (opener?.isConnected) opener.focus();
  });
  document.body.append(node);
  node.showModal();
  return node;
}

/** Ask whether to do something that cannot be undone. */
export function confirm(heading, message, label) {
  return new Promise((resolve) => {
    let answer = false;
    const node = open(heading, [
      el("p", {}, message),
      el("div", { className: "actions end" },
        button(text.dialog.cancel, () => node.close()),
        button(label, () => {
          answer = true;
          node.close();
        }, { kind: "danger" })),
    ], { onClose: () => resolve(answer) });
  });
}

/** Ask for a text; resolves with it, or with null. */
export function prompt(heading, label, value) {
  return new Promise((resolve) => {
    let answer = null;
    const id = newId("field");
    const field = el("input", { id, value, required: true, maxLength: 128, autocomplete: "off" });
    const form = el("form", {
      on: {
        submit: (event) => {
          event.preventDefault();
          answer = field.value;
          node.close();
        },
      },
    }, el("label", { htmlFor: id }, label), field,
    el("div", { className: "actions end" }, button(text.dialog.cancel, () => node.close()),
      el("button", { type: "submit", className: "button primary" }, text.dialog.ok)));
    const node = open(heading, [form], { onClose: () => resolve(answer) });
    field.select();
  });
}

/** A check box with its label. */
export function checkbox(label) {
  const id = newId("check");
  const field = el("input", { id, type: "checkbox" });
  return { field, node: el("div", { className: "check" }, field, el("label", { htmlFor: id }, label)) };
}
