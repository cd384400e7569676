// The page's side of the worker: promises of what networks make, and what can be said while they load.

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let count = 0;

worker.onmessage = ({ data: { id, result, error, progress } }) => {
  const { resolve, reject, onProgress } = waiting.get(id);
  if (progress !== undefined) return onProgress(progress);
  waiting.delete(id);
  return error === undefined ? resolve(result) : reject(new Error(error));
};

worker.onerror = (event) => {
  event.preventDefault();
  const error = new Error("the networks can't run in this browser; use a current Chrome, Edge, Firefox or Safari");
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
};

function ask(message, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    waiting.set(++count, { resolve, reject, onProgress });
    worker.postMessage({ id: count, ...message });
  });
}

/** Fetch a model of models.json, once; `onProgress` takes the share that has arrived. */
export function load(model, onProgress) {
  return ask({ task: "load", url: urlOf(model), bytes: model.bytes }, onProgress);
}

/**
 * Run a loaded model.
 *
 * @param inputs {name: {data: Float32Array, shape: [...]}}
 * @returns {data: Float32Array, shape: [...]}
 */
export function run(model, inputs) {
  return ask({ task: "run", url: urlOf(model), inputs });
}

function urlOf(model) {
  return new URL(`../models/${model.file}`, import.meta.url).href;
}
