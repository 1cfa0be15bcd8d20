// The second view: the gallery of enrolled cameras.

import { ask, hrefOf } from "./api.js";
import { notes } from "./card.js";
import { openSearch, openVerify } from "./compare.js";
import { confirm, prompt } from "./dialogs.js";
import { announce, button, el, fill, problemBox } from "./dom.js";
import { openEnroll } from "./enroll.js";
import { explain } from "./errors.js";
import { chooser } from "./intake.js";
import { format, text } from "./strings.js";

const pathOf = (camera) => `/cameras/${encodeURIComponent(camera.name)}`;

function quality(one) {
  const bar = el("span", { className: "bar-fill" });
  bar.style.inlineSize = `${Math.round(100 * one.quality)}%`;
  return el("p", { className: "quality" },
    el("span", { className: "bar-track", aria: { hidden: "true" } }, bar),
    el("span", {}, `${text.cameras.quality} ${format.number(one.quality, 2)}, ${text.cameras.qualityWords(one.quality)}`));
}

function cameraCard(camera, { load, complain }) {
  const rename = async () => {
    const name = await prompt(text.cameras.renameTitle(camera.name), text.cameras.newName, camera.name);
    if (name === null || name === camera.name) return;
    await ask("PATCH", pathOf(camera), { json: { name } }).then(load, complain);
  };
  const remove = async () => {
    if (!await confirm(text.cameras.removeTitle(camera.name), text.cameras.removeText, text.cameras.remove)) return;
    await ask("DELETE", pathOf(camera)).then(() => announce(text.cameras.removed(camera.name)), complain);
    await load();
  };
  const alike = camera.fingerprints.flatMap((one) => one.metadata.lookalikes ?? []);
  return el("article", { className: "card camera", aria: { label: camera.name } },
    el("header", {}, el("h2", { title: camera.name }, camera.name), el("p", { className: "fine" }, camera.camera_model ?? text.cameras.unknownModel)),
    ...camera.fingerprints.map((one) => el("div", { className: "fingerprint" },
      quality(one),
      el("p", { className: "fine" }, `${format.size(one.shape)}, ${text.cameras.madeOf(one.n_photos)}, ${text.cameras.enrolled(format.day(one.created))}`),
      notes(text.enroll.warnings, one.warnings))),
    alike.length ? el("p", { className: "caution" }, text.cameras.alike([...new Set(alike)].join(", "))) : null,
    el("div", { className: "actions" },
      button(text.cameras.verify, () => openVerify(camera.name), { kind: "primary", title: text.cameras.verifyNamed(camera.name) }),
      el("a", { className: "button", href: hrefOf("/export", { camera: camera.name }), download: `${camera.name}.zip` }, text.cameras.export),
      button(text.cameras.rename, rename), button(text.cameras.remove, remove)));
}

function emptyState() {
  return el("section", { className: "empty" },
    el("h2", {}, text.cameras.empty),
    el("ol", { className: "steps" }, ...text.cameras.emptySteps.map(([title, said]) => el("li", {}, el("strong", {}, title), el("span", {}, said)))));
}

/** Show the view; returns what ends it. */
export function showCameras(main) {
  const list = el("div", { className: "camera-list" }, el("p", { className: "pending" }, text.cameras.loading));
  const trouble = el("div");
  const search = button(text.cameras.search, openSearch, { disabled: true });
  const complain = (error) => fill(trouble, problemBox(...explain(error)));
  const load = async () => {
    try {
      const { cameras, unfinished } = await ask("GET", "/cameras");
      fill(trouble);
      search.disabled = !cameras.length;
      fill(list, cameras.length
        ? el("div", { className: "cards" }, ...cameras.map((camera) => cameraCard(camera, { load, complain })))
        : emptyState(),
      unfinished.length ? el("p", { className: "caution" }, text.cameras.unfinished(unfinished.join(", "))) : null);
    } catch (error) {
      fill(list);
      complain(error);
    }
  };
  const bring = async ([file]) => {
    if (!file) return;
    try {
      const camera = await ask("POST", "/import", { body: file, onBusy: () => {} });
      await load();
      announce(text.cameras.imported(camera.name));
    } catch (error) {
      complain(error);
    }
  };
  fill(main, el("h1", {}, text.cameras.heading), el("p", { className: "lead" }, text.cameras.lead),
    el("div", { className: "toolbar" },
      button(text.cameras.enroll, () => openEnroll(load), { kind: "primary" }), search,
      chooser(text.cameras.import, bring, { multiple: false, accept: ".zip" })),
    trouble, list);
  load();
  return () => {};
}
