// Pictures from seeds and latents, as GanGenerator makes them.

import * as engine from "./engine.js";
import { classOf, classesOnWalk, latent, oneHot, onWalk, truncate } from "./latents.js";

/** The number of a class by its name; null for "", which is each seed's own. Throws where there is no such class. */
export function classIndex(model, label) {
  if (!label) return null;
  const index = model.config.class_names.indexOf(label);
  if (index < 0) {
    const known = model.config.class_names.join(", ");
    throw new Error(known ? `unknown class '${label}'; choose from: ${known}` : `the model ${model.name} has no classes`);
  }
  return index;
}

/** A seed as the network takes it: its latent, truncated, the weights of its classes, and the name of its class. */
export function keyOf(model, { seed, label = "", truncation = 1 }) {
  const { config } = model;
  const z = latent(seed, config);
  const key = { z: truncate(z, truncation, config), weights: null, className: "" };
  if (config.num_classes) {
    const index = classIndex(model, label) ?? classOf(z, config.num_classes);
    key.weights = oneHot(index, config.num_classes);
    key.className = config.class_names[index];
  }
  return key;
}

/** The key at a place on the walk through others; see `onWalk`. */
export function keyOnWalk(model, keys, place, closed) {
  const z = onWalk(
    keys.map((key) => key.z),
    place,
    model.config,
    closed,
  );
  const all = keys.map((key) => key.weights);
  return { z, weights: all[0] && classesOnWalk(all, place, closed), className: "" };
}

/** The pictures of keys in one batch: a Float32Array in [-1, 1] each, channel by channel; of a clip, the first frame. */
export async function generate(model, keys) {
  const { latent_dim, num_classes, channels, image_size } = model.config;
  const inputs = { z: stacked(keys.map((key) => key.z)) };
  inputs.z.shape = [keys.length, latent_dim];
  if (num_classes) {
    inputs.labels = stacked(keys.map((key) => key.weights));
    inputs.labels.shape = [keys.length, num_classes];
  }
  const { data } = await engine.run(model, inputs);
  const size = channels * image_size[0] * image_size[1];
  const step = data.length / keys.length;
  return keys.map((_, i) => data.slice(i * step, i * step + size));
}

function stacked(rows) {
  const data = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => data.set(row, i * row.length));
  return { data };
}
