// What was found about a file, as sections: claims, structure, devices.

import { askBlob } from "./api.js";
import { notes } from "./card.js";
import { scale } from "./compare.js";
import { el } from "./dom.js";
import { paint } from "./overlay.js";
import { format, text } from "./strings.js";

const said = text.examination;
const ORDER = ["contradicts", "neutral", "agrees"];
const STRENGTHS = ["strong", "moderate", "weak", "note"];
const SIGNS = { contradicts: "✗", agrees: "✓", neutral: "–" };

function section(title, ...children) {
  return el("section", { className: "panel" }, el("h2", {}, title), ...children);
}

function finding(one) {
  return el("li", { className: `finding ${one.direction} ${one.strength}` },
    el("span", { className: "finding-sign", aria: { hidden: "true" } }, SIGNS[one.direction]),
    el("div", {},
      el("p", { className: "finding-text" }, one.text,
        el("span", { className: "chip" }, `${said.directions[one.direction]}, ${said.strengths[one.strength]}`)),
      el("dl", { className: "sides" },
        el("div", {}, el("dt", {}, said.expected), el("dd", {}, one.expected ?? "–")),
        el("div", {}, el("dt", {}, said.seen), el("dd", {}, one.seen || "–"))),
      el("p", { className: "fine" }, `${said.source}: ${one.source}`)));
}

/** The questions, and what the evidence says to each in words of a fixed scale. */
export function verdictsPanel(found) {
  if (!found.verdicts.length) return null;
  return section(said.verdicts,
    el("ul", { className: "verdicts" }, ...found.verdicts.map((one) => el("li", { className: `verdict ${one.direction}` },
      el("p", { className: "verdict-about" }, one.about),
      el("p", { className: "verdict-words" }, one.words),
      el("p", { className: "fine" }, one.basis)))),
    el("p", { className: "fine" }, said.verdictsNote));
}

/** What the file claims against what was seen, the gravest first. */
export function findingsPanel(found) {
  const sorted = [...found.findings].sort((a, b) =>
    ORDER.indexOf(a.direction) - ORDER.indexOf(b.direction) || STRENGTHS.indexOf(a.strength) - STRENGTHS.indexOf(b.strength));
  return section(said.findings,
    el("p", { className: "fine" }, said.findingsNote),
    el("ul", { className: "findings" }, ...sorted.map(finding)),
    found.not_examined.length ? el("div", { className: "left-out" },
      el("h3", {}, said.notExamined),
      el("ul", {}, ...found.not_examined.map((one) => el("li", {}, `${one.what}: ${one.why}`)))) : null);
}

/** The claims of the file, as plain facts. */
export function claimsPanel({ claims, sha256 }) {
  const times = claims.times;
  const facts = [
    [said.camera, claims.camera_model ?? ([claims.make, claims.model].filter(Boolean).join(" "))],
    [said.lens, claims.lens],
    [said.serial, claims.serial_number],
    [said.software, claims.software],
    [said.taken, times.original && `${times.original.replace("T", " ")} ${times.offset}`],
    [said.changed, times.modified?.replace("T", " ")],
    [said.place, claims.place && `${claims.place.latitude.toFixed(5)}, ${claims.place.longitude.toFixed(5)}`],
    [said.thumbnail, claims.thumbnail?.width && `${claims.thumbnail.width} × ${claims.thumbnail.height} px`],
    [said.credentials, claims.credentials.state === "absent" ? "" : `${claims.credentials.state} ${claims.credentials.issuer}`],
    [said.comments, claims.comments.join("; ")],
  ].filter(([, value]) => value);
  return section(said.claims,
    claims.has_metadata ? el("dl", { className: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))
      : el("p", {}, said.noMetadata),
    el("p", { className: "fine hash" }, `SHA-256 ${sha256}`));
}

function quantization(id, rows) {
  return el("figure", { className: "quantization" },
    el("figcaption", {}, said.quantization(id)),
    el("table", {}, el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((step) => el("td", {}, String(step))))))));
}

/** How a JPEG is built. */
export function structurePanel({ structure: jpeg, format: kind }) {
  if (!jpeg) return section(said.structure, el("p", {}, said.noJpeg(kind)));
  const facts = [
    [said.process, jpeg.progressive ? said.progressive : said.baseline],
    [said.subsampling, jpeg.subsampling],
    [said.scans, String(jpeg.n_scans)],
    [said.huffman, String(jpeg.huffman_tables.length)],
  ];
  return section(said.structure,
    el("dl", { className: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("div", { className: "quantizations" }, ...Object.entries(jpeg.quantization_tables).map(([id, rows]) => quantization(id, rows))),
    el("details", { className: "options" }, el("summary", {}, said.segments(jpeg.segments.length)),
      el("ol", { className: "segments" }, ...jpeg.segments.map((one) => el("li", {}, `${one.name} ${one.identifier} · ${format.bytes(one.length)}`)))));
}

function peakFigure(job, file, name) {
  const canvas = el("canvas", { className: "peak", width: 49, height: 49, attr: { role: "img" }, aria: { label: said.peakOf(name) } });
  askBlob("GET", `/jobs/${encodeURIComponent(job.id)}/files/${file}`).then((blob) => paint(blob, canvas, { opaque: true })).catch(() => canvas.remove());
  return el("figure", { className: "peak-figure" }, canvas, el("figcaption", { className: "fine" }, said.peak));
}

/** The enrolled cameras that match it best. */
export function devicesPanel(found, job) {
  if (!found.devices.length) return null;
  return section(said.devices,
    el("ul", { className: "hits" }, ...found.devices.map((one) => el("li", { className: `hit ${one.reaches_threshold ? "reaches" : ""}` },
      el("span", { className: "hit-name" }, one.camera, el("span", { className: "fine" }, one.camera_model ?? "")),
      scale(one.score, one.threshold),
      el("span", { className: "hit-said" }, `${one.reaches_threshold ? text.compare.aboveThreshold : text.compare.belowThreshold}, ${format.number(one.score)}`),
      found.pictures.peaks[one.camera] ? peakFigure(job, found.pictures.peaks[one.camera], one.camera) : null,
      notes(text.enroll.warnings, one.warnings)))));
}
