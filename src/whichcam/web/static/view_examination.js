// The third view: everything about one picture. Filled in once examine lands.

import { fill } from "./dom.js";

export function showExamination(main) {
  fill(main);
  return () => {};
}
