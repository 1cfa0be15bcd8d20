// Starts the page and shows the view that the address names.

import { ask } from "./api.js";
import { el, fill } from "./dom.js";
import { text } from "./strings.js";
import { showCameras } from "./view_cameras.js";
import { showExamination } from "./view_examination.js";
import { showPictures } from "./view_pictures.js";

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const server = { knownCount: 0, canExamine: false, abilities: {} };
const VIEWS = [["#/", text.views.pictures], ["#/cameras", text.views.cameras]];
let end = () => {};

function route() {
  end();
  const [, view = "", number] = location.hash.split("/");
  const current = view === "cameras" ? "#/cameras" : "#/";
  fill(nav, ...VIEWS.map(([href, label]) => el("a", { href, attr: href === current ? { "aria-current": "page" } : {} }, label)));
  if (view === "cameras") {
    document.title = text.titles.cameras;
    end = showCameras(main, server);
  } else if (view === "picture") {
    document.title = text.titles.examination;
    end = showExamination(main, server, Number(number));
  } else {
    document.title = text.titles.pictures;
    end = showPictures(main, server);
  }
  scrollTo(0, 0);
}

async function begin() {
  const status = document.getElementById("server");
  try {
    const [health, known] = await Promise.all([ask("GET", "/health"), ask("GET", "/models")]);
    server.knownCount = known.models[0].cameras.length;
    server.abilities = health.abilities;
    server.canExamine = true;
    status.textContent = text.server.knows(server.knownCount);
  } catch {
    status.textContent = text.server.away;
    status.classList.add("away");
  }
  route();
  window.addEventListener("hashchange", () => {
    route();
    main.focus({ preventScroll: true });
  });
}

begin();
