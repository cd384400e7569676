// What the tabs share: controls by name, words on how far something is, downloads, links.

import * as engine from "./engine.js";

/** A tab's panel: its controls by name, its buttons by action, and its line of status. */
export class Panel {
  constructor(id) {
    this.element = document.getElementById(id);
    this.form = this.element.querySelector("form");
    this.status = this.element.querySelector(".status");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("input", () => this.showValues());
    this.showValues();
  }

  /** The control of that name. */
  control(name) {
    return this.element.querySelector(`[name="${name}"]`);
  }

  /** Call `act` when the button with that action is pressed; what goes wrong is shown. */
  on(action, act) {
    const button = this.button(action);
    button.addEventListener("click", async () => {
      try {
        await act(button);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  button(action) {
    return this.element.querySelector(`[data-action="${action}"]`);
  }

  /** Show the numbers that sliders stand at. */
  showValues() {
    for (const value of this.element.querySelectorAll(".value")) {
      value.textContent = value.closest("label").querySelector("input").value;
    }
  }

  say(text) {
    this.status.classList.remove("failed");
    this.status.textContent = text;
  }

  fail(error) {
    this.status.classList.add("failed");
    this.status.textContent = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
  }

  /** Fetch a model, saying how far it is. */
  load(model) {
    const size = `${(model.bytes / 1e6).toFixed(1)} MB`;
    return engine.load(model, (share) => this.say(`Loading ${model.title} (${size}): ${Math.round(100 * share)} %`));
  }

  /** A menu of models, and below it one of their classes, which is there only where there are classes. */
  chooseAmong(models) {
    const menu = this.control("model");
    menu.replaceChildren(...models.map((model) => new Option(model.title, model.name)));
    menu.addEventListener("change", () => this.showClasses(this.model));
    this.models = models;
    this.showClasses(this.model);
  }

  /** The chosen model. */
  get model() {
    return this.models.find((model) => model.name === this.control("model").value);
  }

  /** Choose a model by name; throws where this page has none of that name. */
  set modelName(name) {
    const model = this.models.find((each) => each.name === name);
    if (!model) {
      const known = this.models.map((each) => each.name).join(", ");
      throw new Error(`this page has no model '${name}'; choose from: ${known}`);
    }
    this.control("model").value = name;
    this.showClasses(model);
  }

  showClasses({ config }) {
    const menu = this.control("label");
    menu.replaceChildren(new Option("each seed's own", ""), ...config.class_names.map((name) => new Option(name, name)));
    menu.closest("label").hidden = !config.num_classes;
  }
}

/** Runs the newest of the tasks it is given; an older one learns by its argument that it is no longer wanted. */
export class Newest {
  #number = 0;

  run(task) {
    const mine = ++this.#number;
    return task(() => mine === this.#number);
  }
}

/** Call `act` once, when nothing has happened for a moment. */
export function settled(act, milliseconds = 120) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}

/** Draw on a canvas of the picture's own size. */
export function draw(canvas, image) {
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Hand a file to the visitor. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Copy the page's address, which says all that the controls say. */
export async function copyLink(button) {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    throw new Error("this browser does not let pages copy; the link is in the address bar");
  }
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}

/** A seed that nobody chose. */
export function randomSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 12; // short enough to remember
}
