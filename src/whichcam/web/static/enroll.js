// The form that enrols a camera, and the progress of that.

import { ask, cancel, follow, photoForm } from "./api.js";
import { notes } from "./card.js";
import { checkbox, open } from "./dialogs.js";
import { announce, button, el, fill, newId, problemBox } from "./dom.js";
import { explain } from "./errors.js";
import { chooser, takeDrops } from "./intake.js";
import { format, text } from "./strings.js";

function meter() {
  const bar = el("progress", { max: 1, aria: { label: text.enroll.progress } });
  const said = el("p", { className: "progress-line", attr: { role: "status" } }, text.enroll.sending);
  return {
    node: el("div", { className: "meter" }, bar, said),
    show(job) {
      if (!job.progress) {
        said.textContent = text.enroll.queued;
        return;
      }
      const { stage, done, total } = job.progress;
      bar.max = total || 1;
      bar.value = done;
      said.textContent = text.enroll.stage(stage, done, total);
    },
  };
}

function outcome(result) {
  return [
    el("p", { className: "answer-title" }, text.enroll.done(result.camera, result.n_used)),
    el("p", {}, `${text.cameras.quality}: ${format.number(result.quality, 2)}, ${text.cameras.qualityWords(result.quality)}`),
    notes(text.enroll.needs, result.needs),
    notes(text.enroll.warnings, result.warnings),
    notes(text.enroll.leftOut(result.left_out.length), result.left_out.map((one) => `${one.name}: ${one.reason}`)),
  ];
}

/** Open the form; `onDone` is called when the gallery has changed. */
export function openEnroll(onDone, { name = "" } = {}) {
  let files = [];
  let job = null;
  const giveUp = new AbortController();
  const nameId = newId("name");
  const field = el("input", { id: nameId, value: name, required: true, maxLength: 128, autocomplete: "off", placeholder: text.enroll.namePlaceholder });
  const chosen = el("p", { className: "fine", attr: { role: "status" } }, text.enroll.photosHint);
  const take = (given) => {
    files = given;
    const bytes = format.bytes(files.reduce((sum, one) => sum + one.size, 0));
    chosen.textContent = files.length ? text.enroll.chosen(files.length, bytes) : text.enroll.photosHint;
  };
  const drop = el("div", { className: "intake inside" },
    el("p", { className: "field-name" }, text.enroll.photos), chooser(text.enroll.choose, take), chosen);
  const options = { align: checkbox(text.enroll.align), keep_edited: checkbox(text.enroll.keepEdited), replace: checkbox(text.enroll.replace) };
  const complaint = el("div", { className: "complaint" });
  const body = el("div", { className: "dialog-body" });

  const begin = async (event) => {
    event.preventDefault();
    if (!field.value.trim()) {
      fill(complaint, problemBox(text.errors.other, text.enroll.needName));
      field.focus();
      return;
    }
    if (!files.length) {
      fill(complaint, problemBox(text.errors.other, text.enroll.needPhotos));
      return;
    }
    const progress = meter();
    const stop = button(text.enroll.cancel, async () => {
      stop.disabled = true;
      if (job) await cancel(job).catch(() => {});
      else giveUp.abort();
    });
    fill(body, progress.node, el("div", { className: "actions end" }, stop));
    try {
      const query = { camera: field.value };
      for (const [key, one] of Object.entries(options)) query[key] = one.field.checked;
      job = await ask("POST", "/enroll", { query, body: photoForm(files), signal: giveUp.signal, onBusy: () => {} });
      job = await follow(job, (now) => progress.show(now));
      fill(body, ...outcome(job.result), el("div", { className: "actions end" }, button(text.enroll.close, () => node.close(), { kind: "primary" })));
      announce(text.enroll.done(job.result.camera, job.result.n_used));
      onDone();
    } catch (error) {
      if (error.code === "cancelled" || error.name === "AbortError") {
        announce(text.enroll.cancelled);
        fill(body, el("p", { attr: { role: "status" } }, text.enroll.cancelled), el("div", { className: "actions end" }, button(text.enroll.close, () => node.close())));
      } else {
        fill(complaint, problemBox(...explain(error)));
        fill(body, form);
      }
    }
    job = null;
    body.querySelector("button")?.focus();
  };
  const form = el("form", { noValidate: true, on: { submit: begin } },
    el("label", { htmlFor: nameId }, text.enroll.name), field, drop,
    el("details", { className: "options" }, el("summary", {}, text.enroll.options), ...Object.values(options).map((one) => one.node)),
    complaint,
    el("div", { className: "actions end" }, button(text.enroll.close, () => node.close()),
      el("button", { type: "submit", className: "button primary" }, text.enroll.begin)));
  takeDrops(drop, take);
  const node = open(text.enroll.heading, [fill(body, form)], {
    onClose: () => {
      giveUp.abort();
      if (job) cancel(job).catch(() => {});
    },
  });
}
