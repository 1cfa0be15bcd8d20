// Many pictures as a table that can be sorted and saved.

import { answerOf } from "./card.js";
import { download, el, fill } from "./dom.js";
import { explain } from "./errors.js";
import { format, text } from "./strings.js";

const LEVELS = ["model", "family", "make", "unknown"];
const COLUMNS = {
  name: (one) => one.name,
  answer: (one) => (one.found ? answerOf(one.found) : ""),
  level: (one) => (one.found ? LEVELS.indexOf(one.found.level) : LEVELS.length),
  confidence: (one) => (one.found && one.found.level !== "unknown" ? one.found.confidence : -1),
  exif: (one) => one.found?.exif_camera_model ?? "",
  warnings: (one) => one.found?.warnings.length ?? -1,
};

function cells(picture) {
  const { found } = picture;
  if (!found) {
    const said = picture.state === "failed" ? explain(picture.error).join(": ") : text.picture[picture.state];
    return [el("td", { colSpan: 5, className: `state-${picture.state}` }, said)];
  }
  return [
    el("td", {}, el("a", { href: `#/picture/${picture.number}` }, answerOf(found))),
    el("td", {}, text.table.levels[found.level]),
    el("td", { className: "number" }, found.level === "unknown" ? "–" : format.percent(found.confidence)),
    el("td", {}, found.exif_camera_model ?? "–"),
    el("td", { className: "number", title: found.warnings.join("\n") }, String(found.warnings.length || "–")),
  ];
}

/** Return a table of pictures with `update(list)`. */
export function table() {
  let list = [];
  let by = null;
  let up = true;
  const body = el("tbody");
  const heads = Object.keys(COLUMNS).map((name) =>
    el("th", { scope: "col", aria: { sort: "none" } },
      el("button", { type: "button", on: { click: () => sort(name) } }, text.table.columns[name])));
  const node = el("div", { className: "table-box", tabIndex: 0, attr: { role: "region" }, aria: { label: text.table.caption } },
    el("table", {}, el("caption", { className: "visually-hidden" }, text.table.caption), el("thead", {}, el("tr", {}, ...heads)), body));

  const sort = (name) => {
    up = by === name ? !up : true;
    by = name;
    heads.forEach((head, k) => head.setAttribute("aria-sort", Object.keys(COLUMNS)[k] === by ? (up ? "ascending" : "descending") : "none"));
    draw();
  };
  const draw = () => {
    const rows = [...list];
    if (by) {
      const value = COLUMNS[by];
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
        return up ? order : -order;
      });
    }
    fill(body, ...rows.map((one) => el("tr", {}, el("th", { scope: "row" }, one.name), ...cells(one))));
  };
  return {
    node,
    update(pictures) {
      list = pictures;
      draw();
    },
  };
}

// A cell that begins like a formula would be run as one by a spreadsheet.
const inert = (value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const quoted = (value) => `"${(typeof value === "string" ? inert(value) : String(value ?? "")).replaceAll('"', '""')}"`;

/** Save what was found as CSV, one row a picture. */
export function saveCsv(list) {
  const columns = ["photo_name", "sha256", "answer", "level", "confidence", "error_rate", "unknown_probability", "exif_camera_model", "model_id", "whichcam_version", "warnings", "error"];
  const rows = list.map((one) => columns.map((name) => {
    if (name === "photo_name") return one.name;
    if (name === "error") return one.error ? explain(one.error).join(": ") : "";
    const value = one.found?.[name];
    return Array.isArray(value) ? value.join("; ") : value;
  }));
  const lines = [columns, ...rows].map((row) => row.map(quoted).join(","));
  download("whichcam.csv", `${lines.join("\r\n")}\r\n`, "text/csv");
}

/** Save everything that was found as JSON. */
export function saveJson(list) {
  const found = list.map((one) => one.found ?? { photo_name: one.name, error: one.error ? { code: one.error.code, message: one.error.message } : null });
  download("whichcam.json", `${JSON.stringify(found, null, 2)}\n`, "application/json");
}
