// The tab "Sample": pictures from seeds.

import { generate, keyOf } from "./generator.js";
import { MAX_SEED } from "./latents.js";
import * as link from "./link.js";
import { grid, png, toImageData } from "./pictures.js";
import { copyLink, download, draw, Newest, Panel, randomSeed, settled } from "./ui.js";

const CHUNK_PIXELS = 8 * 28 * 28; // made at a time, so that the first pictures are there soon

/**
 * @param site what models.json says
 * @param walkFrom opens the tab "Walk" at a seed of a model
 */
export function build(site, walkFrom) {
  const panel = new Panel("sample");
  const gallery = panel.element.querySelector(".gallery");
  const newest = new Newest();
  let pictures = []; // {image, seed, className} of those that are shown
  let made = null; // the controls that made them

  function controls() {
    const count = Number(panel.control("count").value);
    return {
      model: panel.control("model").value,
      seed: link.whole("seed", panel.control("seed").value, 0, MAX_SEED - count + 1),
      count,
      truncation: Number(panel.control("truncation").value),
      label: panel.control("label").value,
    };
  }

  async function refresh() {
    await newest.run(async (isNewest) => {
      const wish = controls();
      const { model } = panel;
      link.show("sample", wish);
      panel.element.querySelector(".facts").textContent = facts(model);
      await panel.load(model);
      const started = performance.now();
      const chunk = Math.max(1, Math.floor(CHUNK_PIXELS / (model.config.image_size[0] * model.config.image_size[1])));
      const fresh = [];
      for (let first = 0; first < wish.count && isNewest(); first += chunk) {
        const seeds = Array.from({ length: Math.min(chunk, wish.count - first) }, (_, i) => wish.seed + first + i);
        const keys = seeds.map((seed) => keyOf(model, { ...wish, seed }));
        const floats = await generate(model, keys);
        fresh.push(
          ...floats.map((values, i) => ({
            image: toImageData(values, model.config),
            seed: seeds[i],
            className: keys[i].className,
          })),
        );
      }
      if (!isNewest()) return;
      [pictures, made] = [fresh, wish];
      show();
      const noun = wish.count === 1 ? "picture" : "pictures";
      panel.say(`${wish.count} ${noun} in ${Math.round(performance.now() - started)} ms`);
    });
  }

  function show() {
    while (gallery.children.length > pictures.length) gallery.lastChild.remove();
    pictures.forEach(({ image, seed, className }, i) => {
      const cell = gallery.children[i] ?? gallery.appendChild(emptyCell());
      draw(cell.firstChild, image);
      cell.lastChild.textContent = className ? `${className} · seed ${seed}` : `seed ${seed}`;
    });
  }

  function emptyCell() {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.append(document.createElement("canvas"), document.createElement("span"));
    cell.addEventListener("click", () => closeUp.open([...gallery.children].indexOf(cell)));
    return cell;
  }

  function recipe(rest) {
    return { model: made.model, revision: null, ...rest, label: made.label || null, truncation: made.truncation, version: site.version };
  }

  const closeUp = closeUpOf({
    count: () => pictures.length,
    picture: (i) => pictures[i],
    save: async ({ image, seed }) => {
      download(await png(image, recipe({ seed })), `${made.model}-seed-${String(seed).padStart(5, "0")}.png`);
    },
    walk: ({ seed }) => walkFrom(made.model, seed, made),
  });

  const safely = () => refresh().catch((error) => panel.fail(error));
  panel.chooseAmong(site.models.filter((model) => model.kind === "generator"));
  panel.form.addEventListener("input", settled(safely));
  panel.on("random", () => {
    panel.control("seed").value = randomSeed();
    return refresh();
  });
  panel.on("save", async () => {
    if (!pictures.length) throw new Error("there are no pictures yet");
    const columns = Math.min(6, pictures.length);
    const last = made.seed + made.count - 1;
    const seeds = made.count === 1 ? `${made.seed}` : `${made.seed}-${last}`;
    const { channels } = site.models.find((model) => model.name === made.model).config;
    const sheet = grid(pictures.map(({ image }) => image), columns, channels === 4);
    download(await png(sheet, recipe({ seeds, columns })), `${made.model}-seeds-${made.seed}-${last}.png`);
  });
  panel.on("link", copyLink);

  return {
    /** Show what the fields of a link say. */
    async open({ model, label, ...values }) {
      if (model !== undefined) panel.modelName = model;
      for (const [name, value] of Object.entries(values)) panel.control(name).value = value;
      if (label) chooseClass(panel, label);
      panel.showValues();
      await refresh();
    },
    close() {},
    fail: (error) => panel.fail(error),
  };
}

/** Choose a class by name; throws where the chosen model has none of that name. */
export function chooseClass(panel, label) {
  if (!panel.model.config.class_names.includes(label)) {
    const known = panel.model.config.class_names.join(", ");
    throw new Error(`the model ${panel.model.name} has no class '${label}'${known && `; choose from: ${known}`}`);
  }
  panel.control("label").value = label;
}

function facts({ config, bytes, num_parameters: count }) {
  const [height, width] = config.image_size;
  return `${width}×${height} pixels · ${(count / 1e6).toPrecision(2)} million parameters · ${(bytes / 1e6).toFixed(1)} MB`;
}

/** The dialog with one picture, large. */
function closeUpOf({ count, picture, save, walk }) {
  const dialog = document.querySelector("dialog");
  let shown = 0;

  function show(i) {
    shown = (i + count()) % count();
    const { image, seed, className } = picture(shown);
    draw(dialog.querySelector("canvas"), image);
    dialog.querySelector("p").textContent = className ? `${className} · seed ${seed}` : `seed ${seed}`;
  }

  const actions = {
    before: () => show(shown - 1),
    after: () => show(shown + 1),
    save: () => save(picture(shown)),
    walk: () => {
      dialog.close();
      walk(picture(shown));
    },
    close: () => dialog.close(),
  };
  for (const button of dialog.querySelectorAll("[data-action]")) {
    button.addEventListener("click", actions[button.dataset.action]);
  }
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") actions.before();
    if (key === "ArrowRight") actions.after();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return {
    open(i) {
      show(i);
      dialog.showModal();
    },
  };
}
