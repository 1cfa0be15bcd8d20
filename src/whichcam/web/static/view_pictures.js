// The first view: pictures in, answers out.

import { card } from "./card.js";
import { button, el, fill } from "./dom.js";
import { dropBox, takeDrops, takePastes } from "./intake.js";
import { pictures } from "./pictures.js";
import { text } from "./strings.js";
import { saveCsv, saveJson, table } from "./table.js";

const MANY = 12; // from here on a table is the better start
let chosenLayout = null;

function teachings() {
  return el("section", { className: "teachings" },
    ...text.intake.teachings.map(([title, said]) => el("div", {}, el("h2", {}, title), el("p", {}, said))));
}

function toolbar(onLayout) {
  const progress = el("p", { className: "progress-line", attr: { role: "status" } });
  const layouts = ["cards", "table"].map((name) => el("button", {
    type: "button", className: "button", data: { layout: name }, on: { click: () => onLayout(name) },
  }, text.table[name]));
  const stop = button(text.table.stop, () => pictures.stop());
  const node = el("div", { className: "toolbar" }, progress,
    el("div", { className: "segmented", attr: { role: "group" }, aria: { label: text.table.view } }, ...layouts),
    button(text.table.csv, () => saveCsv(pictures.all)), button(text.table.json, () => saveJson(pictures.all)),
    stop, button(text.table.clear, () => pictures.clear()));
  return {
    node,
    update(layout) {
      const nFailed = pictures.count("failed");
      const nDone = pictures.count("done", "failed");
      const said = text.table.progress(nDone, pictures.all.length);
      progress.textContent = nFailed ? `${said}; ${text.table.failed(nFailed)}` : said;
      stop.disabled = nDone === pictures.all.length;
      for (const one of layouts) one.setAttribute("aria-pressed", String(one.dataset.layout === layout));
    },
  };
}

/** Show the view; returns what ends it. */
export function showPictures(main, server) {
  const add = (files) => pictures.add(files);
  const box = el("div");
  const results = el("section", { className: "results", aria: { label: text.views.pictures } });
  const cards = new Map();
  const grid = table();
  const bar = toolbar((layout) => {
    chosenLayout = layout;
    draw();
  });
  const facts = { knownCount: server.knownCount, canExamine: server.canExamine };
  let drawn = null;

  const draw = () => {
    const isEmpty = pictures.all.length === 0;
    const layout = chosenLayout ?? (pictures.all.length > MANY ? "table" : "cards");
    const state = isEmpty ? "empty" : layout;
    bar.update(layout);
    if (state !== drawn) {
      const hadFocus = box.contains(document.activeElement);
      fill(box, dropBox(add, { small: !isEmpty }));
      if (hadFocus) box.querySelector("button")?.focus();
      if (isEmpty) fill(results, teachings());
      else fill(results, bar.node, layout === "table" ? grid.node : el("div", { className: "cards" }));
      drawn = state;
    }
    if (state === "table") grid.update(pictures.all);
    if (state === "cards") {
      const place = results.querySelector(".cards");
      for (const [picture, node] of cards) {
        if (pictures.all.includes(picture)) continue;
        node.remove();
        cards.delete(picture);
      }
      for (const picture of pictures.all) {
        if (!cards.has(picture)) cards.set(picture, card(picture, facts));
        if (cards.get(picture).parentNode !== place) place.append(cards.get(picture));
      }
    }
  };
  let scheduled = false;
  const soon = () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  };

  fill(main, el("h1", {}, text.intake.heading), box, results);
  draw();
  for (const kind of ["add", "remove", "change"]) pictures.addEventListener(kind, soon);
  const ends = [takeDrops(document.body, add), takePastes(add)];
  return () => {
    for (const kind of ["add", "remove", "change"]) pictures.removeEventListener(kind, soon);
    for (const end of ends) end();
  };
}
