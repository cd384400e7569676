// Standard normal numbers from a seed: the stream of numpy's RandomState, which is frozen for good.

const N = 624;
const M = 397;

/** The Mersenne Twister MT19937 of Matsumoto & Nishimura, 1998, seeded with one 32-bit number. */
class MersenneTwister {
  constructor(seed) {
    this.state = new Uint32Array(N);
    this.state[0] = seed;
    for (let i = 1; i < N; i++) {
      const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, before) + i;
    }
    this.next = N;
  }

  uint32() {
    if (this.next === N) this.#refill();
    let y = this.state[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A double in [0, 1) with 53 random bits. */
  double() {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  #refill() {
    for (let i = 0; i < N; i++) {
      const y = (this.state[i] & 0x80000000) | (this.state[(i + 1) % N] & 0x7fffffff);
      this.state[i] = this.state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }
}

/** `count` normals of a seed in [0, 2**32 - 1], as `numpy.random.RandomState(seed).randn(count)`, in float32. */
export function normals(seed, count) {
  const random = new MersenneTwister(seed);
  const result = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    // The polar method of Marsaglia gives two at a time; numpy hands out the second one first.
    let x, y, square;
    do {
      x = 2 * random.double() - 1;
      y = 2 * random.double() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    result[i] = scale * y;
    if (i + 1 < count) result[i + 1] = scale * x;
  }
  return result;
}
