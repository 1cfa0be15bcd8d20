// The pictures that were given, and what was found about each: no page in here.

import { ask } from "./api.js";

const AT_ONCE = 2;

/** One picture: `state` is waiting, busy, looking, done or failed. */
class Picture extends EventTarget {
  constructor(file, number) {
    super();
    this.file = file;
    this.name = file.name || "pasted picture";
    this.number = number;
    this.state = "waiting";
    this.found = null;
    this.error = null;
    this.allowTruncated = false;
    this.examination = null;
  }

  tell(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event("change"));
  }
}

/** All pictures, looked at two at a time. Events: `add`, `remove`, `change`. */
class Pictures extends EventTarget {
  constructor() {
    super();
    this.all = [];
    this.nActive = 0;
    this.nGiven = 0;
    this.giveUp = new AbortController();
  }

  add(files) {
    const added = Array.from(files, (file) => new Picture(file, this.nGiven++));
    this.all.push(...added);
    for (const picture of added) {
      picture.addEventListener("change", () => this.#changed("change", picture));
      this.#changed("add", picture);
    }
    this.#goOn();
    return added;
  }

  get(number) {
    return this.all.find((one) => one.number === number);
  }

  remove(picture) {
    this.all = this.all.filter((one) => one !== picture);
    picture.state = "removed";
    this.#changed("remove", picture);
  }

  clear() {
    this.stop();
    for (const picture of [...this.all]) this.remove(picture);
  }

  /** Look at no more of them; what is under way is given up. */
  stop() {
    this.giveUp.abort();
    this.giveUp = new AbortController();
    for (const picture of this.all.filter((one) => ["waiting", "busy"].includes(one.state))) this.remove(picture);
  }

  again(picture, { allowTruncated = false } = {}) {
    picture.tell({ state: "waiting", error: null, allowTruncated });
    this.#goOn();
  }

  count(...states) {
    return this.all.filter((one) => states.includes(one.state)).length;
  }

  #changed(kind, picture) {
    this.dispatchEvent(new CustomEvent(kind, { detail: picture }));
  }

  #goOn() {
    while (this.nActive < AT_ONCE) {
      const next = this.all.find((one) => one.state === "waiting");
      if (!next) return;
      this.nActive += 1;
      this.#look(next).finally(() => {
        this.nActive -= 1;
        this.#goOn();
      });
    }
  }

  async #look(picture) {
    picture.tell({ state: "looking" });
    try {
      const found = await ask("POST", "/identify", {
        query: { name: picture.name, allow_truncated: picture.allowTruncated },
        body: picture.file,
        signal: this.giveUp.signal,
        onBusy: () => picture.tell({ state: "busy" }),
      });
      if (picture.state !== "removed") picture.tell({ state: "done", found });
    } catch (error) {
      if (error.name === "AbortError") this.remove(picture);
      else if (picture.state !== "removed") picture.tell({ state: "failed", error });
    }
  }
}

export const pictures = new Pictures();
