// A heat map over its picture: colours that all eyes tell apart, and how strong.

import { el, newId } from "./dom.js";
import { text } from "./strings.js";

// Dark blue to pale yellow, lightness rising evenly; the same scale as in reports.
const ANCHORS = [[8, 18, 64], [31, 56, 112], [74, 88, 121], [112, 119, 120], [155, 150, 108], [203, 186, 83], [255, 236, 110]];

function colourOf(share) {
  const at = share * (ANCHORS.length - 1);
  const k = Math.min(Math.floor(at), ANCHORS.length - 2);
  return ANCHORS[k].map((low, channel) => low + (at - k) * (ANCHORS[k + 1][channel] - low));
}

const SCALE = Array.from({ length: 256 }, (_, k) => colourOf(k / 255));

/** Draw a grey picture of values onto a canvas, in colours; low values let light through. */
export async function paint(blob, canvas, { opaque = false } = {}) {
  const bitmap = await createImageBitmap(blob);
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let k = 0; k < pixels.data.length; k += 4) {
    const value = pixels.data[k];
    const [red, green, blue] = SCALE[value];
    pixels.data[k] = red;
    pixels.data[k + 1] = green;
    pixels.data[k + 2] = blue;
    pixels.data[k + 3] = opaque ? 255 : 90 + Math.round(0.647 * value);
  }
  context.putImageData(pixels, 0, 0);
}

function legend() {
  const ramp = el("canvas", { width: 256, height: 1, className: "ramp", aria: { hidden: "true" } });
  const context = ramp.getContext("2d");
  SCALE.forEach(([red, green, blue], k) => {
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(k, 0, 1, 1);
  });
  return el("div", { className: "legend" },
    el("span", {}, text.examination.low), ramp, el("span", {}, text.examination.high));
}

/** Return a stage for a picture, with `show(blob)` for the map and `clear()`. */
export function stage(name) {
  const picture = el("img", { alt: text.examination.pictureOf(name), className: "stage-picture" });
  const map = el("canvas", { className: "stage-map", width: 1, height: 1, attr: { role: "img" }, aria: { label: text.examination.noMap } });
  const id = newId("strength");
  const slider = el("input", { id, type: "range", min: 0, max: 100, value: 60, disabled: true });
  const said = el("output", { htmlFor: id }, "60 %");
  const follow = () => {
    map.style.opacity = String(slider.value / 100);
    said.value = `${slider.value} %`;
  };
  slider.addEventListener("input", follow);
  follow();
  return {
    node: el("div", { className: "stage" }, picture, map),
    controls: el("div", { className: "stage-controls" },
      el("label", { htmlFor: id }, text.examination.strength), slider, said, legend()),
    picture,
    async show(blob, label) {
      await paint(blob, map);
      map.setAttribute("aria-label", label);
      slider.disabled = false;
    },
    clear() {
      map.width = 1;
      map.height = 1;
      map.setAttribute("aria-label", text.examination.noMap);
      slider.disabled = true;
    },
  };
}
