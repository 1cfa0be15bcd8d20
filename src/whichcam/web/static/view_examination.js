// The third view: one picture, the heat map over it, and what was found about it.

import { ask, askBlob, cancel, follow } from "./api.js";
import { ranking } from "./bars.js";
import { answerBox, notes } from "./card.js";
import { announce, button, download, el, fill, newId, problemBox } from "./dom.js";
import { explain } from "./errors.js";
import { claimsPanel, devicesPanel, findingsPanel, structurePanel, verdictsPanel } from "./evidence.js";
import { stage } from "./overlay.js";
import { pictures } from "./pictures.js";
import { format, text } from "./strings.js";

const said = text.examination;
const MAP_SIDE = 1600;
const METHODS = ["fusion", "camera_consistency", "noise_level", "jpeg_grid", "double_compression"];
const FITTED = new Set(["fusion", "camera_consistency"]);

const fileOf = (job, name) => `/jobs/${encodeURIComponent(job.id)}/files/${encodeURIComponent(name)}`;

/** Run an operation on a picture as a job; keeps what it found with the picture. */
async function run(picture, operation, query, running, onChange = () => {}) {
  const options = { query: { name: picture.name, background: true, allow_truncated: picture.allowTruncated, ...query }, body: picture.file, onBusy: () => {} };
  const begun = await ask("POST", `/${operation}`, options);
  running.add(begun);
  try {
    return await follow(begun, onChange);
  } finally {
    running.delete(begun);
  }
}

function mapFacts(found) {
  const facts = [];
  if (found.score !== null) facts.push([said.score, format.number(found.score, 2)]);
  if (found.score_threshold !== null) facts.push([said.scoreThreshold, said.thresholdOf(found.score_threshold, found.false_alarm_rate)]);
  if (found.log10_lr !== null) facts.push([text.compare.lr, said.lr(found.log10_lr)]);
  return [
    el("p", { className: "answer-title" }, found.alarm === null ? said.noAlarm : found.alarm ? said.alarm : said.quiet),
    el("p", { className: "fine" }, said.mapNote),
    facts.length ? el("dl", { className: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])) : null,
    found.labels.length ? el("ul", { className: "labels" }, ...found.labels.filter((one) => one.camera_model).map((one) => el("li", {}, said.label(one)))) : null,
    notes(text.answer.warnings, found.warnings),
  ];
}

function mapBox(picture, place, running, { canFuse }) {
  const id = newId("method");
  const choice = el("select", { id }, ...METHODS.map((name) => el("option", { value: name, disabled: FITTED.has(name) && !canFuse }, said.methods[name])));
  choice.value = canFuse ? "fusion" : "noise_level";
  const outcome = el("div", { className: "map-outcome", attr: { role: "status" } });
  picture.maps ??= new Map();
  let wanted = null;
  const show = async () => {
    const method = choice.value;
    wanted = method;
    place.clear();
    try {
      if (!picture.maps.has(method)) {
        fill(outcome, el("p", { className: "pending" }, el("span", { className: "spinner", aria: { hidden: "true" } }), said.mapping));
        const job = await run(picture, "localize", { method, style: "values", upright: true, max_side: MAP_SIDE }, running);
        picture.maps.set(method, [job.result, await askBlob("GET", fileOf(job, "heatmap.png"))]);
      }
      if (wanted !== method) return;
      const [found, blob] = picture.maps.get(method);
      await place.show(blob, said.mapOf(said.methods[method]));
      fill(outcome, ...mapFacts(found));
    } catch (error) {
      if (wanted === method) fill(outcome, problemBox(...explain(error)));
    }
  };
  choice.addEventListener("change", show);
  show();
  return el("div", { className: "map-box" },
    place.node, place.controls,
    el("div", { className: "map-choice" }, el("label", { htmlFor: id }, said.method), choice), outcome);
}

/** Keep the maps that came with an examination, so that to choose one costs nothing. */
async function keepMaps(picture, job) {
  for (const found of job.result.localizations) {
    const file = job.result.pictures.maps[found.method];
    if (file && !picture.maps.has(found.method)) picture.maps.set(found.method, [found, await askBlob("GET", fileOf(job, file))]);
  }
}

function saving(found, picture, running, server) {
  const status = el("p", { className: "progress-line", attr: { role: "status" } });
  const report = async (format) => {
    fill(status, el("span", { className: "spinner", aria: { hidden: "true" } }), said.writing);
    try {
      const job = await run(picture, "report", { format }, running);
      const [name] = job.result.files;
      download(`${picture.name}.${format}`, await askBlob("GET", fileOf(job, name)));
      fill(status, said.written);
    } catch (error) {
      fill(status, problemBox(...explain(error)));
    }
  };
  return el("div", {}, el("div", { className: "actions" },
    server.abilities.report ? button(said.saveReport, () => report("html"), { kind: "primary" }) : null,
    server.abilities.pdf ? button(said.savePdf, () => report("pdf")) : null,
    button(said.saveJson, () => download(`${picture.name}.json`, `${JSON.stringify(found, null, 2)}\n`, "application/json"))), status);
}

function results(found, job, picture, server, running) {
  return [
    el("section", { className: "panel" }, el("h2", {}, said.camera),
      found.identification ? el("div", { className: "card-body" }, answerBox(found.identification, server.knownCount), ranking(found.identification), notes(text.answer.warnings, found.identification.warnings)) : null,
      saving(found, picture, running, server)),
    verdictsPanel(found), devicesPanel(found, job), findingsPanel(found), claimsPanel(found), structurePanel(found),
  ].filter(Boolean);
}

function missing() {
  return [el("h1", {}, said.heading), el("p", {}, said.gone), el("a", { className: "button primary", href: "#/" }, said.back)];
}

/** Show the view; returns what ends it. */
export function showExamination(main, server, number) {
  const picture = pictures.get(number);
  if (!picture) {
    fill(main, ...missing());
    return () => {};
  }
  const running = new Set();
  const place = stage(picture.name);
  const address = URL.createObjectURL(picture.file);
  const facts = el("p", { className: "lead" }, format.bytes(picture.file.size));
  const bar = el("progress", { max: 4, value: 0, aria: { label: said.progress } });
  const line = el("p", { className: "progress-line", attr: { role: "status" } }, said.beginning);
  const panels = el("div", { className: "panels" }, el("section", { className: "panel" }, el("div", { className: "meter" }, bar, line)));
  place.picture.src = address;

  const examine = async () => {
    try {
      picture.examination ??= await run(picture, "examine", {}, running, ({ progress }) => {
        if (!progress) return;
        bar.value = progress.done;
        bar.max = progress.total;
        line.textContent = said.stage(progress.stage);
      });
      const job = picture.examination;
      const found = job.result;
      facts.textContent = said.facts(found.format, format.size([found.height, found.width]), format.bytes(found.n_bytes));
      fill(panels, ...results(found, job, picture, server, running));
      await keepMaps(picture, job);
      if (found.pictures.preview) {
        const shown = URL.createObjectURL(await askBlob("GET", fileOf(job, found.pictures.preview)));
        place.picture.src = shown;
        place.picture.onload = () => URL.revokeObjectURL(shown);
      }
      announce(said.done);
    } catch (error) {
      picture.examination = null;
      fill(panels, el("section", { className: "panel" }, problemBox(...explain(error), button(text.picture.again, () => showExamination(main, server, number)))));
    }
  };
  fill(main,
    el("p", { className: "crumb" }, el("a", { href: "#/" }, said.back)),
    el("h1", { className: "file-heading" }, picture.name), facts,
    el("div", { className: "examination" }, mapBox(picture, place, running, { canFuse: server.abilities.fusion }), panels));
  examine();
  return () => {
    URL.revokeObjectURL(address);
    for (const job of running) cancel(job).catch(() => {});
  };
}
