// One picture's result as a card.

import { ranking } from "./bars.js";
import { announce, button, el, fill, problemBox } from "./dom.js";
import { explain } from "./errors.js";
import { pictures } from "./pictures.js";
import { format, text } from "./strings.js";
import { thumbnail } from "./thumbnail.js";

/** Return an identification's answer as a short text. */
export function answerOf(found) {
  const said = text.answer.said;
  if (found.level === "model") return said.model(found.answer);
  if (found.level === "family") return said.family(found.members);
  if (found.level === "make") return said.make(found.answer);
  return text.answer.unknownTitle;
}

/** Return how sure an answer is, in words. */
function sureOf(found) {
  if (found.level === "unknown") return text.answer.unknownSure(found.unknown_probability);
  return text.answer.sure(found.confidence);
}

function meaning(found, knownCount) {
  if (found.level === "model") return text.answer.model(found.error_rate);
  if (found.level === "family") return text.answer.family(found.members.length, found.error_rate);
  if (found.level === "make") return text.answer.make(found.answer, found.error_rate);
  return found.unknown_probability >= 0.5 ? text.answer.unlike(knownCount) : text.answer.unclear;
}

function claim(found) {
  if (!found.exif_camera_model) return el("p", { className: "claim" }, text.answer.claimsNothing);
  const parts = [text.answer.claims(found.exif_camera_model)];
  if (found.level !== "unknown") {
    parts.push(found.members.includes(found.exif_camera_model) ? text.answer.agrees : text.answer.contradicts);
  }
  return el("p", { className: "claim" }, parts.join(" "));
}

/** Return a list of warnings, folded away if there are many. */
export function notes(title, said) {
  if (!said.length) return null;
  return el("details", { className: "notes", open: said.length <= 2 },
    el("summary", {}, `${title} (${said.length})`),
    el("ul", {}, ...said.map((one) => el("li", {}, one))));
}

/** Return the answer of an identification in words. */
export function answerBox(found, knownCount) {
  return el("div", { className: `answer level-${found.level}` },
    el("span", { className: "chip" }, text.answer.levels[found.level]),
    el("p", { className: "answer-title" }, answerOf(found)),
    el("p", { className: "answer-sure" }, sureOf(found)),
    el("p", { className: "answer-meaning" }, meaning(found, knownCount)),
    found.level === "family" && found.members.length > 3
      ? el("p", { className: "fine" }, `${text.answer.members}: ${found.members.join(", ")}`) : null);
}

// Errors that may be gone the next time; the others are the file's own.
const PASSING = new Set([0, 401, 408, 500, 503, 504, 507]);

function failure(picture) {
  const [title, message] = explain(picture.error);
  const actions = PASSING.has(picture.error.status) ? [button(text.picture.again, () => pictures.again(picture))] : [];
  if (picture.error.code === "image_decode" && !picture.allowTruncated) {
    actions.push(button(text.picture.anyway, () => pictures.again(picture, { allowTruncated: true })));
  }
  return problemBox(title, message, ...actions);
}

/** Return the card of a picture; it follows the picture's changes. */
export function card(picture, { knownCount, canExamine }) {
  const body = el("div", { className: "card-body" });
  const node = el("article", { className: "card", aria: { label: text.picture.region(picture.name) } },
    thumbnail(picture.file, picture.name),
    el("div", { className: "card-main" },
      el("header", { className: "card-top" },
        el("h2", { title: picture.name }, picture.name),
        el("span", { className: "fine" }, format.bytes(picture.file.size)),
        el("button", {
          type: "button", className: "button quiet", aria: { label: text.picture.removeNamed(picture.name) },
          on: { click: () => pictures.remove(picture) },
        }, "✕")),
      body));

  const show = () => {
    node.dataset.state = picture.state;
    if (picture.state === "done") {
      const { found } = picture;
      fill(body, answerBox(found, knownCount), ranking(found), claim(found), notes(text.answer.warnings, found.warnings),
        canExamine ? el("div", { className: "actions" },
          el("a", { className: "button primary", href: `#/picture/${picture.number}`, aria: { label: text.picture.examineNamed(picture.name) } }, text.picture.examine)) : null);
      announce(`${picture.name}: ${answerOf(found)}, ${sureOf(found)}`);
    } else if (picture.state === "failed") {
      fill(body, failure(picture));
    } else {
      const said = { waiting: text.picture.waiting, busy: text.picture.busy, looking: text.picture.looking }[picture.state];
      fill(body, el("p", { className: "pending" }, el("span", { className: "spinner", aria: { hidden: "true" } }), said));
    }
  };
  picture.addEventListener("change", show);
  show();
  return node;
}
