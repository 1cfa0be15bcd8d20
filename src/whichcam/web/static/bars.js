// Probabilities as bars: the number stands in words, the bar only shows it.

import { el } from "./dom.js";
import { format, text } from "./strings.js";

function row(label, share, kind = "") {
  const bar = el("span", { className: "bar-fill" });
  bar.style.inlineSize = `${Math.max(100 * share, share > 0 ? 0.5 : 0)}%`;
  return el("li", { className: `bar ${kind}` },
    el("span", { className: "bar-label" }, label),
    el("span", { className: "bar-track", aria: { hidden: "true" } }, bar),
    el("span", { className: "bar-value" }, format.percent(share)));
}

/** Return the ranking of an identification, "none of them" included. */
export function ranking(found) {
  const known = 1 - found.unknown_probability;
  const shown = found.ranking.map((one) => [one.camera_model, known * one.probability]);
  const rest = Math.max(known - shown.reduce((sum, [, share]) => sum + share, 0), 0);
  return el("section", { className: "ranking" },
    el("h3", {}, text.answer.rankingTitle),
    el("ul", { className: "bars" },
      ...shown.map(([label, share]) => row(label, share, found.members.includes(label) ? "answered" : "")),
      rest > 0.005 ? row(text.answer.otherKnown, rest, "rest") : null,
      row(text.answer.noneOfThem, found.unknown_probability, "unknown")),
    el("p", { className: "fine" }, text.answer.rankingNote));
}
