// How pictures come in: dropped anywhere, pasted, or chosen.

import { announce, button, el } from "./dom.js";
import { text } from "./strings.js";

/** Return the files of a drop, those in dropped folders too. */
async function filesOf(transfer) {
  const entries = Array.from(transfer.items ?? [], (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return Array.from(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    if (looksLikePicture(file)) found.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const inner of some) await walk(inner, found);
  }
}

// In a folder there are other things too; what was chosen by itself is always sent.
const ENDINGS = /\.(jpe?g|png|tiff?|webp|hei[cf]|avif|dng|nef|cr[23w]|arw|raf|orf|rw2|pef|srw)$/i;
const looksLikePicture = (file) => file.type.startsWith("image/") || ENDINGS.test(file.name);

/** Return a button that opens the system's choice of files. */
export function chooser(label, onFiles, { folder = false, multiple = true, kind = "", accept = "" } = {}) {
  const field = el("input", { type: "file", multiple, accept, className: "visually-hidden", tabIndex: -1, aria: { hidden: "true" } });
  if (folder) field.webkitdirectory = true;
  field.addEventListener("change", () => {
    const files = Array.from(field.files);
    field.value = "";
    onFiles(folder ? files.filter(looksLikePicture) : files);
  });
  return el("span", { className: "chooser" }, button(label, () => field.click(), { kind }), field);
}

/**
 * Let an element take in dropped files; `whole` takes those dropped anywhere.
 *
 * Returns a function that ends it.
 */
export function takeDrops(target, onFiles) {
  let depth = 0;
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const mark = (change) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    depth = Math.max(depth + change, 0);
    target.classList.toggle("dropping", depth > 0);
  };
  const drop = async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth = 0;
    target.classList.remove("dropping");
    onFiles(await filesOf(event.dataTransfer));
  };
  const listeners = { dragover: over, dragenter: mark(1), dragleave: mark(-1), drop };
  const place = target === document.body ? window : target;
  for (const [name, listener] of Object.entries(listeners)) place.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) place.removeEventListener(name, listener);
  };
}

/** Take in what is pasted anywhere, unless it is meant for a field. */
export function takePastes(onFiles) {
  const paste = (event) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    if (!files.length) return;
    event.preventDefault();
    onFiles(files);
  };
  window.addEventListener("paste", paste);
  return () => window.removeEventListener("paste", paste);
}

/** Return the large box at the top of the page, or the small one above results. */
export function dropBox(onFiles, { small }) {
  const files = (given) => {
    if (given.length) onFiles(given);
    else announce(text.intake.none);
  };
  const choose = chooser(text.intake.choose, files, { kind: "primary" });
  const folder = chooser(text.intake.folder, files, { folder: true });
  if (small) {
    return el("div", { className: "intake small" }, el("p", {}, text.intake.more), choose, folder);
  }
  return el("div", { className: "intake" },
    el("img", { src: "/static/icon.svg", alt: "", width: 72, height: 72 }),
    el("p", { className: "drop-here" }, text.intake.drop),
    el("p", { className: "fine" }, text.intake.paste),
    el("div", { className: "actions" }, choose, folder));
}
