// The page: its tabs, and the link it was opened with.

import * as link from "./link.js";
import * as sample from "./sample.js";
import * as stylize from "./stylize.js";
import * as walk from "./walk.js";

const notice = document.getElementById("notice");

function complain(text) {
  notice.textContent = text;
  notice.hidden = false;
}

async function start() {
  const response = await fetch("models.json").catch(() => null);
  if (!response?.ok) throw new Error("models.json could not be fetched; this folder was not built, or the server is down");
  const site = await response.json();
  const kinds = new Set(site.models.map((model) => model.kind));
  const tabs = {};
  if (kinds.has("generator")) {
    tabs.sample = sample.build(site, (model, seed, { label, truncation }) => {
      const keys = [seed, seed + 1, seed + 2, seed + 3].map((each) => ({ seed: each % 2 ** 32, label, truncation }));
      select("interpolate", { model, keys });
    });
    tabs.interpolate = walk.build(site);
  }
  if (kinds.has("stylizer")) tabs.stylize = stylize.build(site);

  /** Show a tab, its controls set to what is given. */
  function select(name, values = {}) {
    for (const button of buttons) {
      const isChosen = button.id === `tab-${name}`;
      button.setAttribute("aria-selected", isChosen);
      button.tabIndex = isChosen ? 0 : -1;
      document.getElementById(button.getAttribute("aria-controls")).hidden = !isChosen;
    }
    for (const [other, tab] of Object.entries(tabs)) if (other !== name) tab.close();
    return tabs[name].open(values).catch((error) => tabs[name].fail(error));
  }

  const buttons = [...document.querySelectorAll('[role="tab"]')].filter((button) => {
    button.hidden = !tabs[button.getAttribute("aria-controls")];
    return !button.hidden;
  });
  buttons.forEach((button, i) => {
    const name = button.getAttribute("aria-controls");
    button.addEventListener("click", () => select(name));
    button.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: buttons.length - 1 }[key];
      if (step) {
        buttons[(i + step) % buttons.length].focus();
        buttons[(i + step) % buttons.length].click();
      }
    });
  });

  const { tab, values, problems } = link.read(location.search);
  if (problems.length) complain(problems.join("\n"));
  await select(tabs[tab] ? tab : Object.keys(tabs)[0], tabs[tab] ? values : {});
}

start().catch((error) => complain(error.message));
