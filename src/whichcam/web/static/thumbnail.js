// Small pictures of large files: decoded small, one at a time, and then let go.

import { el } from "./dom.js";
import { text } from "./strings.js";

const SIDE = 320;
let last = Promise.resolve();

async function draw(file, canvas) {
  const bitmap = await createImageBitmap(file, { resizeWidth: SIDE, resizeQuality: "medium" });
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}

/** Return a box of fixed size that will show a file, or say that it cannot. */
export function thumbnail(file, name) {
  const canvas = el("canvas", { width: 4, height: 3, attr: { role: "img" }, aria: { label: text.picture.thumbnail(name) } });
  const box = el("div", { className: "thumbnail" }, canvas);
  last = last.then(() => draw(file, canvas)).catch(() => {
    box.classList.add("without");
    box.replaceChildren(el("span", {}, text.picture.noThumbnail));
  });
  return box;
}
