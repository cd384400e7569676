// Links: the controls in the page's address, named as on the Python page, so that a link works on both.
//
// Anyone may have typed them: every field is bounded, and one that is refused is named and left at its default.

import { MAX_SEED } from "./latents.js";

export const MAX_COUNT = 64;
export const MAX_KEYS = 16;
const MAX_LENGTH = 2000;
const TABS = ["sample", "interpolate", "stylize"];

const FIELDS = {
  sample: {
    model: text,
    label: text,
    seed: (value) => whole("seed", value, 0, MAX_SEED),
    count: (value) => whole("count", value, 1, MAX_COUNT),
    truncation: (value) => number("truncation", value, 0, 2),
  },
  interpolate: { model: text, keys: parseKeys },
  stylize: {
    style: text,
    strength: (value) => whole("strength", value, 0, 100),
    keep_colors: (value) => whole("keep_colors", value, 0, 1) === 1,
    seed: (value) => whole("seed", value, 0, MAX_SEED),
  },
};

/** The tab, the fields that are right, and a sentence for each that is not, of a query string. */
export function read(query) {
  if (query.length > MAX_LENGTH) return { tab: "sample", values: {}, problems: ["the link is too long"] };
  const given = new URLSearchParams(query);
  const tab = TABS.includes(given.get("tab")) ? given.get("tab") : "sample";
  const values = {};
  const problems = [];
  for (const [name, check] of Object.entries(FIELDS[tab])) {
    if (!given.has(name)) continue;
    try {
      values[name] = check(given.get(name));
    } catch (error) {
      problems.push(`from the link: ${error.message}`);
    }
  }
  return { tab, values, problems };
}

/** Put the controls of a tab into the page's address. */
export function show(tab, values) {
  const query = new URLSearchParams(tab === "sample" ? {} : { tab });
  for (const [name, value] of Object.entries(values)) {
    if (value !== "" && value !== null) query.set(name, value === true ? "1" : value === false ? "0" : value);
  }
  history.replaceState(null, "", `?${query}`);
}

/** Keys such as "3,7:square,12::0.7": seed, class and truncation of each. */
export function parseKeys(text) {
  const keys = text.split(",").map((part) => {
    const match = /^\s*(\d{1,10})(?::([^:]*))?(?::(\d{1,12}(?:\.\d{1,17})?))?\s*$/.exec(part);
    if (!match) throw new Error(`the key '${part.slice(0, 40)}' is not possible; write seeds such as 3, 7, 12`);
    return {
      seed: whole("seed", match[1], 0, MAX_SEED),
      label: decodeURIComponent(match[2] ?? ""),
      truncation: number("truncation", match[3] ?? "1", 0, 2),
    };
  });
  if (keys.length < 2 || keys.length > MAX_KEYS) {
    throw new Error(`a walk through ${keys.length} seeds is not possible; name 2 to ${MAX_KEYS}, such as 3, 7, 12`);
  }
  return keys;
}

/** The shortest text that `parseKeys` reads as these keys. */
export function formatKeys(keys) {
  return keys
    .map(({ seed, label, truncation }) => {
      const parts = [seed, encodeURIComponent(label), truncation === 1 ? "" : truncation];
      return parts.join(":").replace(/:+$/, "");
    })
    .join(",");
}

/** A whole number in [low, high] from text, or an error that says what is possible. */
export function whole(name, value, low, high) {
  const result = /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (!(result >= low && result <= high)) {
    throw new Error(`${name} '${String(value).slice(0, 20)}' is not possible; use a whole number from ${low} to ${high}`);
  }
  return result;
}

function number(name, value, low, high) {
  const result = /^\d{1,12}(\.\d{1,17})?$/.test(value) ? Number(value) : NaN;
  if (!(result >= low && result <= high)) {
    throw new Error(`${name} '${value.slice(0, 20)}' is not possible; use a number from ${low} to ${high}`);
  }
  return result;
}

function text(value) {
  return value.slice(0, 100);
}
