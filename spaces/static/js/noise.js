// Noise that is a function of the place alone: what gan_hub/painting/noise.py does, to the bit.

const GOLDEN = 0x9e3779b9; // 2**32 over the golden ratio: keeps rows and columns of one number apart

/**
 * Noise of mean 0 and variance 1 in float32, channel by channel and row by row.
 *
 * @param rows height
 * @param columns width
 * @param cells of each channel, the distance of the lattice's points; 1 = every value is drawn
 * @param seed in [0, 2**32 - 1]
 */
export function positionNoise(rows, columns, cells, seed) {
  const noise = new Float32Array(cells.length * rows * columns);
  cells.forEach((cell, channel) => {
    const values = cell === 1 ? white(0, rows, 0, columns, channel, seed) : smooth(rows, columns, channel, cell, seed);
    noise.set(values, channel * rows * columns);
  });
  return noise;
}

function smooth(rows, columns, channel, cell, seed) {
  // The centre of row r lies at (r + 1/2) / cell - 1/2 in the lattice, whose first point has the number -1.
  const width = Math.floor(columns / cell) + 3;
  const lattice = white(-1, Math.floor(rows / cell) + 3, -1, width, channel, seed);
  const values = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const down = (r + 0.5) / cell - 0.5;
    const above = (Math.floor(down) + 1) * width;
    const t = down - Math.floor(down);
    for (let c = 0; c < columns; c++) {
      const across = (c + 0.5) / cell - 0.5;
      const i = above + Math.floor(across) + 1;
      const u = across - Math.floor(across);
      const left = lattice[i] * (1 - t) + lattice[i + width] * t;
      const right = lattice[i + 1] * (1 - t) + lattice[i + 1 + width] * t;
      values[r * columns + c] = 1.5 * (left * (1 - u) + right * u);
    }
  }
  return values;
}

function white(top, rows, left, columns, channel, seed) {
  const key = hash(seed ^ GOLDEN);
  const layer = hash(channel ^ ~key);
  const across = Uint32Array.from({ length: columns }, (_, c) => hash((left + c) ^ GOLDEN));
  const values = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const row = hash(hash(top + r) ^ key);
    for (let c = 0; c < columns; c++) {
      const bits = hash(hash(row ^ across[c]) ^ layer) >>> 8; // 24: all that a float32 holds
      values[r * columns + c] = (2 * ((bits + 0.5) * 2 ** -24) - 1) * Math.sqrt(3);
    }
  }
  return values;
}

/** lowbias32, a bijection of 32-bit numbers by Chris Wellons. */
function hash(x) {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
