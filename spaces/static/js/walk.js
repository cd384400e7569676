// The tab "Walk": from picture to picture through the latent space, made as it is shown.

import { generate, keyOf, keyOnWalk } from "./generator.js";
import * as link from "./link.js";
import { png, toImageData } from "./pictures.js";
import { chooseClass } from "./sample.js";
import { copyLink, download, draw, Newest, Panel, randomSeed, settled } from "./ui.js";

const RATE_SECONDS = 0.5; // over which frames are counted

/** @param site what models.json says */
export function build(site) {
  const panel = new Panel("interpolate");
  const stage = panel.element.querySelector(".stage");
  const slider = panel.control("place");
  const newest = new Newest();
  let walk = null; // {model, keys}
  let image = null;
  let isPlaying = false;
  let round = 0;

  /** Read the controls; seeds typed by hand take the class and truncation of the controls. */
  function wishedKeys() {
    const [label, truncation] = [panel.control("label").value, Number(panel.control("truncation").value)];
    return link.parseKeys(panel.control("seeds").value).map((key) => ({
      seed: key.seed,
      label: key.label || label,
      truncation: key.truncation === 1 ? truncation : key.truncation,
    }));
  }

  async function refresh() {
    await newest.run(async (isNewest) => {
      const { model } = panel;
      const wished = wishedKeys();
      link.show("interpolate", { model: model.name, keys: link.formatKeys(wished) });
      await panel.load(model);
      if (!isNewest()) return;
      walk = { model, keys: wished.map((key) => keyOf(model, key)) };
      slider.max = walk.keys.length;
      if (!isPlaying) {
        await showAt(Number(slider.value));
        panel.say(`${walk.keys.length} seeds, and back to the first`);
      }
    });
  }

  async function showAt(place) {
    const { model, keys } = walk;
    const [picture] = await generate(model, [keyOnWalk(model, keys, place, true)]);
    image = toImageData(picture, model.config);
    draw(stage, image);
  }

  async function play() {
    setPlaying(true);
    const mine = round;
    let [before, counted, since] = [performance.now(), 0, performance.now()];
    for (;;) {
      const now = await new Promise(requestAnimationFrame);
      if (round !== mine) return;
      const step = (Math.max(0, now - before) / 1000) / Number(panel.control("seconds").value);
      before = now;
      slider.value = (Number(slider.value) + step) % walk.keys.length;
      await showAt(Number(slider.value));
      counted++;
      const seconds = (performance.now() - since) / 1000;
      if (seconds >= RATE_SECONDS) {
        panel.say(`${Math.round(counted / seconds)} frames a second`);
        [counted, since] = [0, performance.now()];
      }
    }
  }

  function setPlaying(value) {
    isPlaying = value;
    round++; // ends the one that plays now
    panel.button("play").textContent = value ? "Pause" : "Play";
    panel.button("play").setAttribute("aria-pressed", value);
  }

  function start() {
    return play().catch((error) => {
      setPlaying(false);
      panel.fail(error);
    });
  }

  const safely = () => refresh().catch((error) => panel.fail(error));
  panel.chooseAmong(site.models.filter((model) => model.kind === "generator"));
  panel.form.addEventListener("input", settled(safely));
  slider.addEventListener("input", () => walk && !isPlaying && newest.run(() => showAt(Number(slider.value))));
  panel.on("random", () => {
    panel.control("seeds").value = Array.from({ length: 4 }, randomSeed).join(", ");
    return refresh();
  });
  panel.on("play", () => {
    if (!walk) throw new Error("the model is still loading");
    return isPlaying ? setPlaying(false) : start();
  });
  panel.on("save", async () => {
    if (!image) throw new Error("there is no picture yet");
    download(await png(image), `${walk.model.name}-walk-${Number(slider.value).toFixed(3)}.png`);
  });
  panel.on("link", copyLink);

  return {
    /** Show what the fields of a link say, and play unless the visitor likes it quiet. */
    async open({ model, keys }) {
      if (model !== undefined) panel.modelName = model;
      if (keys) {
        const shared = (name) => new Set(keys.map((key) => key[name])).size === 1;
        const [label, truncation] = [shared("label") ? keys[0].label : "", shared("truncation") ? keys[0].truncation : 1];
        if (label) chooseClass(panel, label);
        panel.control("truncation").value = truncation;
        panel.control("seeds").value = link
          .formatKeys(keys.map((key) => ({
            seed: key.seed,
            label: label ? "" : key.label,
            truncation: truncation === 1 ? key.truncation : 1,
          })))
          .replaceAll(",", ", ");
      }
      panel.showValues();
      await refresh();
      if (!isPlaying && !matchMedia("(prefers-reduced-motion: reduce)").matches) start();
    },
    close() {
      setPlaying(false);
    },
    fail: (error) => panel.fail(error),
  };
}
