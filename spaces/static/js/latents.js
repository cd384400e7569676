// From seeds to latents and classes, and from one latent to another: what gan_hub/latents/seeds.py, arcs.py and paths.py do.

import { normals } from "./random.js";

export const MAX_SEED = 2 ** 32 - 1;

/** The latent of a seed: normals with the code and the sparsity that the generator's config asks for. */
export function latent(seed, { latent_dim, num_categories = 0, num_active = 0 }) {
  const z = normals(seed, latent_dim);
  const rest = z.subarray(num_categories);
  if (num_active) {
    const largest = [...rest.keys()].sort((a, b) => Math.abs(rest[b]) - Math.abs(rest[a])).slice(0, num_active);
    const kept = new Set(largest);
    rest.forEach((_, i) => kept.has(i) || (rest[i] = 0));
  }
  if (num_categories) {
    const code = z.subarray(0, num_categories);
    const chosen = code.indexOf(code.reduce((a, b) => Math.max(a, b)));
    code.fill(0);
    code[chosen] = 1;
  }
  return z;
}

/** z scaled towards its mean, which is zero; a categorical code at its front is left alone. */
export function truncate(z, truncation, { num_categories = 0 }) {
  const factor = Math.fround(truncation);
  return z.map((value, i) => (i < num_categories ? value : value * factor));
}

/** The class that a latent, not truncated, stands for: uniform over the classes, a function of z alone. */
export function classOf(z, numClasses) {
  let total = 0;
  for (const value of z) total += value;
  const share = normalDistribution(total / Math.sqrt(z.length));
  return Math.min(Math.max(Math.trunc(share * numClasses), 0), numClasses - 1);
}

/** Phi(x) to the last bits of a double, by a series whose terms are all positive (Abramowitz & Stegun, 26.2.11). */
export function normalDistribution(x) {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Weights of the classes: all of it for one class, given by its number. */
export function oneHot(index, count) {
  const weights = new Float32Array(count);
  weights[index] = 1;
  return weights;
}

/** The point at `t` in [0, 1] on the straight line between two vectors. */
export function lerp(start, end, t) {
  return start.map((value, i) => value + t * (end[i] - value));
}

/**
 * The point at `t` in [0, 1] on the shortest great arc between two latents, its length interpolated linearly.
 *
 * Between opposite latents, one of the arcs; from or to zeros, a straight line.
 */
export function slerp(start, end, t) {
  if (t === 0 || t === 1) return Float32Array.from(t ? end : start);
  const lengths = [norm(start), norm(end)];
  let [u, v] = [unit(start), unit(end)];
  if (!lengths[0]) u = v;
  if (!lengths[1]) v = u;
  // Kahan's formula for the angle: exact for small angles and for those near a half turn.
  const angle = 2 * Math.atan2(norm(u.map((x, i) => x - v[i])), norm(u.map((x, i) => x + v[i])));
  let w = orthogonal(orthogonal(v, u), u);
  if (norm(w) <= 1e-12) w = orthogonal(axisFarFrom(u), u);
  w = unit(w);
  const length = lengths[0] + t * (lengths[1] - lengths[0]);
  const [along, aside] = [length * Math.cos(t * angle), length * Math.sin(t * angle)];
  return Float32Array.from(u, (x, i) => along * x + aside * w[i]);
}

/**
 * The latent at a place on the closed or open walk through keys: place 1.5 is halfway from key 1 to key 2.
 *
 * A categorical code at the front is crossfaded linearly, since its weights sum to one.
 */
export function onWalk(keys, place, { num_categories = 0 }, closed) {
  const [leg, t] = legOf(keys.length, place, closed);
  const [start, end] = [keys[leg], keys[(leg + 1) % keys.length]];
  const z = new Float32Array(start.length);
  z.set(lerp(start.subarray(0, num_categories), end.subarray(0, num_categories), t));
  z.set(slerp(start.subarray(num_categories), end.subarray(num_categories), t), num_categories);
  return z;
}

/** The weights of the classes at a place on the walk. */
export function classesOnWalk(weights, place, closed) {
  const [leg, t] = legOf(weights.length, place, closed);
  return lerp(weights[leg], weights[(leg + 1) % weights.length], t);
}

function legOf(count, place, closed) {
  const numLegs = Math.max(closed ? count : count - 1, 1);
  const leg = Math.min(Math.floor(place), numLegs - 1);
  return [leg, place - leg];
}

function norm(x) {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}

function unit(x) {
  const length = norm(x);
  return Float64Array.from(x, (value) => (length ? value / length : 0));
}

function orthogonal(x, u) {
  let product = 0;
  u.forEach((value, i) => (product += value * x[i]));
  return x.map((value, i) => value - product * u[i]);
}

function axisFarFrom(u) {
  const sizes = u.map(Math.abs);
  const axis = new Float64Array(u.length);
  axis[sizes.indexOf(Math.min(...sizes))] = 1;
  return axis;
}
