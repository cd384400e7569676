// The tab "Stylize": a photo painted in the browser, and how much of the painting is kept.

import { MAX_SEED } from "./latents.js";
import * as link from "./link.js";
import { blended, paint } from "./painter.js";
import { png } from "./pictures.js";
import { copyLink, download, draw, Newest, Panel, settled } from "./ui.js";

/** @param site what models.json says */
export function build(site) {
  const panel = new Panel("stylize");
  const [pair, before, after] = ["", " .before", " .after"].map((part) => panel.element.querySelector(`.pair${part}`));
  const models = site.models.filter((model) => model.kind === "stylizer");
  const newest = new Newest();
  let source = null; // {bitmap, name}: what the visitor gave
  let photo = null; // ImageData of it, as large as it is painted
  let painting = null;
  let result = null;

  function chosenStyle() {
    const name = panel.control("style")?.form.elements.style.value;
    return models.find((model) => model.name === name);
  }

  function controls() {
    return {
      style: chosenStyle().name,
      strength: Number(panel.control("strength").value),
      keep_colors: panel.control("keep_colors").checked,
      seed: link.whole("seed", panel.control("seed").value, 0, MAX_SEED),
    };
  }

  async function refresh() {
    await newest.run(async (isNewest) => {
      const wish = controls();
      link.show("stylize", wish);
      if (!source) return;
      const model = chosenStyle();
      await panel.load(model);
      if (!isNewest()) return;
      const reduced = pixels(source.bitmap, Number(panel.control("side").value));
      panel.say(`Painting ${reduced.width}×${reduced.height} pixels…`);
      const started = performance.now();
      const painted = await paint(model, reduced, wish.seed);
      if (!isNewest()) return;
      [photo, painting] = [reduced, painted];
      draw(before, photo);
      blend();
      pair.hidden = false;
      panel.button("save").disabled = false;
      panel.say(`${photo.width}×${photo.height} painted in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    });
  }

  /** Strength and colours need no network. */
  function blend() {
    const wish = controls();
    result = blended(photo, painting, wish.strength / 100, wish.keep_colors);
    draw(after, result);
    link.show("stylize", wish);
  }

  async function take(file, name = file.name) {
    panel.say("Reading the photo…");
    const bitmap = await createImageBitmap(file).catch(() => null); // upright, as its EXIF says
    if (!bitmap) throw new Error(`the file ${name} is not a picture that this browser can read; use JPEG, PNG or WebP`);
    source = { bitmap, name: name.replace(/\.[^.]*$/, "") };
    await refresh();
  }

  async function takeExample(name) {
    const response = await fetch(`examples/${name}`);
    await take(await response.blob(), name);
  }

  const failing = (task) => task.catch((error) => panel.fail(error));
  showStyles(panel, models);
  showExamples(panel, site.examples, (name) => failing(takeExample(name)));
  const settledRefresh = settled(() => failing(refresh()));
  panel.form.addEventListener("input", ({ target }) => {
    if (target.name === "photo") return target.files.length && failing(take(target.files[0]));
    const onlyBlends = ["strength", "keep_colors"].includes(target.name);
    return onlyBlends && painting ? blend() : settledRefresh();
  });
  takeDropsAndPastes(panel, (file) => failing(take(file)));
  panel.control("split").addEventListener("input", ({ target }) => pair.style.setProperty("--split", `${target.value}%`));
  panel.on("save", async () => download(await png(result), `${source.name}-${controls().style}.png`));
  panel.on("link", copyLink);

  return {
    /** Show what the fields of a link say, on a drawing until there is a photo, which is never in a link. */
    async open({ style, keep_colors, ...values }) {
      if (style !== undefined) {
        if (!models.some((model) => model.name === style)) {
          throw new Error(`this page has no style '${style}'; choose from: ${models.map(({ name }) => name).join(", ")}`);
        }
        panel.form.elements.style.value = style;
      }
      if (keep_colors !== undefined) panel.control("keep_colors").checked = keep_colors;
      for (const [name, value] of Object.entries(values)) panel.control(name).value = value;
      panel.showValues();
      await (source || !site.examples.length ? refresh() : takeExample(site.examples[0]));
    },
    close() {},
    fail: (error) => panel.fail(error),
  };
}

/** The pixels of a picture with its longer side at most `side`. */
function pixels(bitmap, side) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function showStyles(panel, models) {
  models.forEach((model, i) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "style", value: model.name });
    input.checked = i === 0;
    label.append(input);
    if (model.thumbnail) {
      label.append(Object.assign(document.createElement("img"), { src: `models/${model.thumbnail}`, alt: "" }));
    }
    label.append(model.title);
    panel.element.querySelector(".styles").append(label);
  });
}

function showExamples(panel, names, take) {
  for (const name of names) {
    const what = name.replace(/^\d+-|\.[^.]*$/g, "");
    const button = Object.assign(document.createElement("button"), { type: "button", title: what });
    button.append(Object.assign(document.createElement("img"), { src: `examples/${name}`, alt: `Try: ${what}` }));
    button.addEventListener("click", () => take(name));
    panel.element.querySelector(".examples").append(button);
  }
}

function takeDropsAndPastes(panel, take) {
  const zone = panel.element.querySelector(".drop");
  const pictures = (list) => [...list].filter((file) => file.type.startsWith("image/"));
  panel.element.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  panel.element.addEventListener("dragleave", () => zone.classList.remove("over"));
  panel.element.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const [file] = pictures(event.dataTransfer.files);
    return file ? take(file) : panel.fail(new Error("what was dropped is not a picture"));
  });
  document.addEventListener("paste", (event) => {
    const [file] = pictures(event.clipboardData.files);
    if (file && !panel.element.hidden) take(file);
  });
}
