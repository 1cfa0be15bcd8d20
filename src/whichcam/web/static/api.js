// The REST API, as this page uses it.

const PREFIX = "/api/v1";

/** An error in the one shape that the server has, or that of a lost connection. */
export class ApiError extends Error {
  constructor(status, { code, message, details = {} }) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

function address(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return `${PREFIX}${path}${text ? `?${text}` : ""}`;
}

async function refusal(response) {
  let body = null;
  try {
    body = (await response.json()).error;
  } catch {
    body = null;
  }
  return new ApiError(response.status, body ?? { code: "no_answer", message: "" });
}

async function send(method, path, { query, body, json, signal } = {}) {
  const options = { method, signal, body };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    options.headers = { "Content-Type": "application/json" };
  } else if (body instanceof Blob) {
    options.headers = { "Content-Type": "application/octet-stream" };
  }
  try {
    return await fetch(address(path, query), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "offline", message: "" });
  }
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, 1000 * seconds);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(new DOMException("given up", "AbortError"));
  });
});

/**
 * Ask, and return the JSON of the answer.
 *
 * A server that is busy is asked again when it says so; `onBusy` is told.
 */
export async function ask(method, path, options = {}) {
  for (;;) {
    const response = await send(method, path, options);
    if (response.ok) return response.status === 204 ? null : response.json();
    if (response.status !== 503 || !options.onBusy) throw await refusal(response);
    options.onBusy();
    await pause(Number(response.headers.get("Retry-After") ?? 2), options.signal);
  }
}

/** Ask for a file. */
export async function askBlob(method, path, options = {}) {
  const response = await send(method, path, options);
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

/** Return the address of something, for links. */
export const hrefOf = address;

/**
 * Follow a job to its end; resolves with the job, rejects with its error.
 *
 * `onChange` is called with the job whenever it changes.
 */
export function follow(job, onChange) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${PREFIX}/jobs/${encodeURIComponent(job.id)}/events`);
    let nFailures = 0;
    const heard = (event) => {
      nFailures = 0;
      const now = JSON.parse(event.data);
      onChange(now);
      if (now.state === "queued" || now.state === "running") return;
      source.close();
      if (now.state === "done") resolve(now);
      else reject(new ApiError(409, now.error ?? { code: now.state, message: "" }));
    };
    for (const state of ["queued", "running", "done", "failed", "cancelled"]) source.addEventListener(state, heard);
    source.onerror = () => {
      nFailures += 1;
      if (nFailures < 4 && source.readyState !== EventSource.CLOSED) return;
      source.close();
      reject(new ApiError(0, { code: "offline", message: "" }));
    };
  });
}

/** Ask for a job's end. */
export const cancel = (job) => ask("DELETE", `/jobs/${encodeURIComponent(job.id)}`);

/** Return a form that holds pictures. */
export function photoForm(files) {
  const form = new FormData();
  for (const file of files) form.append("photo", file, file.name);
  return form;
}
