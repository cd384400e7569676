// Paintings from photos, as PhotoStylizer makes them of a photo that is painted in one piece.

import * as engine from "./engine.js";
import { positionNoise } from "./noise.js";

/**
 * Paint a photo at full strength.
 *
 * @param photo ImageData
 * @param seed of the strokes
 * @returns ImageData of the photo's size times the model's scale, the photo's alpha where the scale is 1
 */
export async function paint(model, photo, seed) {
  const { grid, noise_grid: cell, noise_cells: cells, scale } = model;
  const [width, height] = [photo.width, photo.height].map((side) => Math.ceil(side / grid) * grid);
  const inputs = { photo: { data: floats(photo, width, height), shape: [1, 3, height, width] } };
  if (cells.length) {
    const shape = [1, cells.length, height / cell, width / cell];
    inputs.noise = { data: positionNoise(shape[2], shape[3], cells, seed), shape };
  }
  const { data } = await engine.run(model, inputs);
  const painting = new ImageData(photo.width * scale, photo.height * scale);
  const plane = width * scale * height * scale;
  for (let y = 0; y < painting.height; y++) {
    for (let x = 0; x < painting.width; x++) {
      const from = y * width * scale + x;
      const to = 4 * (y * painting.width + x);
      for (let c = 0; c < 3; c++) painting.data[to + c] = (data[c * plane + from] + 1) * 127.5; // rounds and clamps
      painting.data[to + 3] = scale === 1 ? photo.data[to + 3] : 255;
    }
  }
  return painting;
}

/** The photo, and `strength` in [0, 1] of the way from it to its painting; with `keepColors`, of lightness alone. */
export function blended(photo, painting, strength, keepColors) {
  const result = new ImageData(photo.width, photo.height);
  const [before, after] = [photo.data, painting.data];
  for (let i = 0; i < before.length; i += 4) {
    // In YCbCr red, green and blue rise as Y does while Cb and Cr stay: the difference of the two Y is all that changes.
    const lighter =
      0.299 * (after[i] - before[i]) + 0.587 * (after[i + 1] - before[i + 1]) + 0.114 * (after[i + 2] - before[i + 2]);
    for (let c = i; c < i + 3; c++) {
      const target = keepColors ? Math.min(Math.max(before[c] + lighter, 0), 255) : after[c];
      result.data[c] = before[c] + strength * (target - before[c]);
    }
    result.data[i + 3] = before[i + 3];
  }
  return result;
}

/** A photo as the network takes it: in [-1, 1], channel by channel, its edges repeated at the right and the bottom. */
function floats(photo, width, height) {
  const data = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * (Math.min(y, photo.height - 1) * photo.width + Math.min(x, photo.width - 1));
      const to = y * width + x;
      for (let c = 0; c < 3; c++) data[c * width * height + to] = photo.data[from + c] / 127.5 - 1;
    }
  }
  return data;
}
