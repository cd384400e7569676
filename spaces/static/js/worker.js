// Where networks run, so that the page never stands still: onnxruntime-web on one thread, which any file server allows.

import * as ort from "../vendor/ort.js";

const RUNTIME = "../vendor/ort-wasm.gz";
const sessions = new Map(); // URL of a model -> the promise of its session
let runtime;

self.onmessage = async ({ data: { id, task, ...message } }) => {
  try {
    const result = await (task === "load" ? load(message, id) : run(message));
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

function load({ url, bytes }, id) {
  if (!sessions.has(url)) {
    const session = open(url, (done) => self.postMessage({ id, progress: Math.min(done / bytes, 1) }));
    sessions.set(url, session);
    session.catch(() => sessions.delete(url)); // so that the next one who asks tries again
  }
  return sessions.get(url).then(() => null);
}

async function open(url, onBytes) {
  runtime ??= prepare();
  runtime.catch(() => (runtime = undefined));
  const [model] = await Promise.all([fetched(url, onBytes), runtime]);
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
}

async function prepare() {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await unpacked(await fetched(RUNTIME, () => {}));
}

async function run({ url, inputs }) {
  const session = await sessions.get(url);
  const feeds = {};
  for (const [name, { data, shape }] of Object.entries(inputs)) feeds[name] = new ort.Tensor("float32", data, shape);
  const results = await session.run(feeds);
  const { data, dims } = results[session.outputNames[0]];
  return { data: Float32Array.from(data), shape: [...dims] }; // a copy: the original lies in the runtime's memory
}

async function fetched(address, onBytes) {
  const url = new URL(address, self.location.href);
  const response = await fetch(url).catch(() => null);
  const name = url.pathname.split("/").pop();
  if (!response) throw new Error(`the file ${name} could not be fetched; check the connection and try again`);
  if (!response.ok) throw new Error(`the file ${name} could not be fetched: the server answered ${response.status}`);
  const parts = [];
  let done = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    onBytes((done += part.value.length));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Bytes as they were before gzip; a server may have unpacked them already. */
async function unpacked(data) {
  if (data[0] !== 0x1f || data[1] !== 0x8b) return data;
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
