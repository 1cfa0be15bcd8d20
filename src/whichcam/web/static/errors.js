// What is said of an error, and what can be done about it.

import { text } from "./strings.js";

/** Return a title and a message for an error of the API. */
export function explain(error) {
  const titles = text.errors.titles;
  if (error.code === "offline") return [titles[0], text.errors.offline];
  if (error.status === 401) return [titles[401], text.errors.token];
  return [titles[error.status] ?? text.errors.other, error.message || text.errors.nothing];
}
