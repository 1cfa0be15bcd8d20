// One picture against one camera, or against all of them.

import { ask } from "./api.js";
import { notes } from "./card.js";
import { checkbox, open } from "./dialogs.js";
import { announce, button, el, fill, problemBox } from "./dom.js";
import { explain } from "./errors.js";
import { chooser, takeDrops } from "./intake.js";
import { format, text } from "./strings.js";

// Scores run from nothing to thousands: the scale is logarithmic from 1 on.
const place = (score) => Math.min(Math.log10(Math.max(score, 1)) / 4, 1);

/** Return a score and its threshold as a bar. */
export function scale(score, threshold) {
  const bar = el("span", { className: `bar-fill ${score >= threshold ? "reaches" : ""}` });
  bar.style.inlineSize = `${100 * place(score)}%`;
  const mark = el("span", { className: "bar-mark" });
  mark.style.insetInlineStart = `${100 * place(threshold)}%`;
  const said = text.compare.scale(format.number(score), format.number(threshold));
  return el("span", { className: "bar-track marked", attr: { role: "img" }, aria: { label: said } }, bar, mark);
}

/** Return what a verification found. */
export function verificationBox(found) {
  const facts = [
    [text.compare.score, format.number(found.score)],
    [text.compare.threshold, format.number(found.threshold)],
    [text.compare.chance, found.log10_p === null ? "–" : text.compare.chanceText(found.log10_p)],
    [text.compare.pce, format.number(found.pce, 0)],
    [text.compare.lr, found.log10_lr === null ? text.compare.noLr : text.compare.lrText(found.log10_lr)],
  ];
  return el("div", { className: `verification ${found.reaches_threshold ? "reaches" : "misses"}` },
    el("p", { className: "answer-title" }, found.reaches_threshold ? text.compare.reaches : text.compare.misses),
    el("p", {}, found.reaches_threshold ? text.compare.reachesText(format.oneIn(found.false_alarm_rate)) : text.compare.missesText),
    scale(found.score, found.threshold),
    el("dl", { className: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    notes(text.enroll.warnings, found.warnings));
}

function hit(one) {
  const said = one.reaches_threshold ? text.compare.aboveThreshold : text.compare.belowThreshold;
  return el("li", { className: `hit ${one.reaches_threshold ? "reaches" : ""}` },
    el("span", { className: "hit-name" }, one.camera, el("span", { className: "fine" }, one.camera_model ?? "")),
    scale(one.score, one.threshold),
    el("span", { className: "hit-said" }, `${said}, ${format.number(one.score)}`),
    notes(text.enroll.warnings, one.warnings));
}

function searchBox(found) {
  const matches = found.hits.filter((one) => one.reaches_threshold);
  return el("div", { className: "search-result" },
    el("p", { className: "answer-title" }, matches.length ? matches.map((one) => one.camera).join(", ") : text.compare.nothingReaches),
    matches.length ? null : el("p", {}, text.compare.missesText),
    el("h3", {}, text.compare.hits), el("ul", { className: "hits" }, ...found.hits.map(hit)),
    el("p", { className: "fine" }, text.compare.searched(found.n_searched, found.n_cameras)),
    notes(text.enroll.warnings, found.warnings));
}

function openCompare(heading, look) {
  const giveUp = new AbortController();
  const crop = checkbox(text.compare.crop);
  const result = el("div", { className: "outcome" });
  const take = async ([file]) => {
    if (!file) return;
    fill(result, el("p", { className: "pending", attr: { role: "status" } }, el("span", { className: "spinner", aria: { hidden: "true" } }), `${text.compare.looking} ${file.name}`));
    try {
      const [box, said] = await look(file, { crop: crop.field.checked }, giveUp.signal);
      fill(result, el("h3", { className: "file-name" }, file.name), box);
      announce(said);
    } catch (error) {
      if (error.name !== "AbortError") fill(result, problemBox(...explain(error)));
    }
  };
  const drop = el("div", { className: "intake inside" }, el("p", {}, text.compare.drop), chooser(text.compare.choose, take, { multiple: false, kind: "primary" }));
  takeDrops(drop, take);
  const node = open(heading, [drop, crop.node, result, el("div", { className: "actions end" }, button(text.compare.close, () => node.close()))], { onClose: () => giveUp.abort() });
}

/** Ask whether a camera took a picture. */
export function openVerify(name) {
  openCompare(text.compare.verifyHeading(name), async (file, options, signal) => {
    const found = await ask("POST", "/verify", { query: { camera: name, name: file.name, ...options }, body: file, signal, onBusy: () => {} });
    return [verificationBox(found), found.reaches_threshold ? text.compare.reaches : text.compare.misses];
  });
}

/** Ask which of all cameras took a picture. */
export function openSearch() {
  openCompare(text.compare.searchHeading, async (file, options, signal) => {
    const found = await ask("POST", "/search", { query: { name: file.name, ...options }, body: file, signal, onBusy: () => {} });
    const matches = found.hits.filter((one) => one.reaches_threshold).map((one) => one.camera);
    return [searchBox(found), matches.join(", ") || text.compare.nothingReaches];
  });
}
