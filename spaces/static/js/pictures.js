// From floats in [-1, 1] to pixels, to grids, and to PNG files that carry their recipes.

const PNG_KEY = "gan-hub"; // of the text chunk; see gan_hub/recipes/recipe.py
const GRID_PADDING = 2;

/** One picture as ImageData; grey, RGB, or RGBA whose colours the network has multiplied by alpha. */
export function toImageData(picture, { channels, image_size: [height, width] }) {
  const image = new ImageData(width, height);
  const plane = width * height;
  const bytes = Uint8ClampedArray.from(picture, (value) => (value + 1) * 127.5);
  for (let i = 0; i < plane; i++) {
    const alpha = channels === 4 ? bytes[3 * plane + i] : 255;
    for (let c = 0; c < 3; c++) {
      const color = Math.min(bytes[channels === 1 ? i : c * plane + i], alpha);
      image.data[4 * i + c] = alpha ? Math.trunc((255 * color) / alpha) : color;
    }
    image.data[4 * i + 3] = alpha;
  }
  return image;
}

/** Pictures of one size in rows, on black, or on nothing where they have alpha. */
export function grid(pictures, columns, isTransparent) {
  const { width, height } = pictures[0];
  columns = Math.min(columns, pictures.length);
  const rows = Math.ceil(pictures.length / columns);
  const side = (count, length) => count * (length + GRID_PADDING) + GRID_PADDING;
  const sheet = new ImageData(side(columns, width), side(rows, height));
  if (!isTransparent) sheet.data.forEach((_, i) => i % 4 === 3 && (sheet.data[i] = 255));
  pictures.forEach((picture, i) => {
    const [left, top] = [side(i % columns, width), side(Math.floor(i / columns), height)];
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(4 * y * width, 4 * (y + 1) * width);
      sheet.data.set(row, 4 * ((top + y) * sheet.width + left));
    }
  });
  return sheet;
}

/** A lossless PNG; `recipe`, if any, goes into a text chunk, from where the Python page and `gan-hub` read it. */
export async function png(image, recipe = null) {
  const { width, height, data } = image;
  const rows = new Uint8Array(height * (4 * width + 1)); // each row after a 0: no filter
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(4 * y * width, 4 * (y + 1) * width), y * (4 * width + 1) + 1);
  }
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint16(8, 0x0806); // 8 bits a channel, RGBA
  const text = recipe ? [chunk("iTXt", encode(`${PNG_KEY}\0\0\0\0\0${JSON.stringify(recipe)}`))] : [];
  return new Blob(
    [
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk("IHDR", new Uint8Array(header.buffer)),
      ...text,
      chunk("IDAT", new Uint8Array(await new Response(stream).arrayBuffer())),
      chunk("IEND", new Uint8Array(0)),
    ],
    { type: "image/png" },
  );
}

function chunk(kind, body) {
  const result = new Uint8Array(body.length + 12);
  const view = new DataView(result.buffer);
  view.setUint32(0, body.length);
  result.set(encode(kind), 4);
  result.set(body, 8);
  view.setUint32(body.length + 8, crc(result.subarray(4, body.length + 8)));
  return result;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function encode(text) {
  return new TextEncoder().encode(text);
}
