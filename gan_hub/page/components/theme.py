"""The page's theme, its CSS from the file beside this one, and the few lines of JavaScript that run in the browser."""

import json
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

THEME = gr.themes.Soft(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_md,
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
).set(
    body_background_fill="*neutral_50",
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_text_color="*neutral_700",
    block_title_text_color_dark="*neutral_200",
    block_title_padding="0",
    block_title_text_size="*text_sm",
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_label_text_size="*text_sm",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
)

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")

# Back and Forward bring a URL, and a URL brings its pictures.
HEAD = "<script>window.addEventListener('popstate', () => window.location.reload())</script>"

IS_STYLIZE_SHOWN = "() => (document.querySelector('#stylize')?.offsetParent ? 'yes' : '')"
READ_QUERY = "() => window.location.search"
RANDOM_SEED = "() => Math.floor(Math.random() * 1000000)"
SET_COLUMNS = "(columns) => { document.documentElement.style.setProperty('--columns', columns) }"

# A tab that is not shown leaves the address alone.
_SHOW_STATE = """(link, columns) => {
  document.documentElement.style.setProperty('--columns', columns);
  if (!document.querySelector('#sample')?.offsetParent) return;
  if (link && link !== window.location.search) window.history.%s({}, '', link);
}"""
PUSH_STATE = _SHOW_STATE % "pushState"
# On a phone the button is below the pictures it makes.
SHOW_RESULTS = """() => {
  if (window.innerWidth > 700) return;
  const shown = [...document.querySelectorAll('.results')].find((results) => results.offsetParent);
  shown?.scrollIntoView({behavior: 'smooth'});
}"""
REPLACE_STATE = _SHOW_STATE % "replaceState"

SHOW_SHEET = """() => setTimeout(() => {
  document.querySelector('#sheet')?.scrollIntoView({behavior: 'smooth', block: 'center'});
}, 1200)"""
# Without a push: Back would load the page anew, and the photo would be gone.
SHOW_STYLE = """(link) => {
  if (!document.querySelector('#stylize')?.offsetParent) return;
  if (link && link !== window.location.search) window.history.replaceState({}, '', link);
}"""
SHOW_WALK = SHOW_STYLE.replace("#stylize", "#interpolate")
SHOW_EXPLORE = SHOW_STYLE.replace("#stylize", "#explore")
SHOW_PICTURE = SHOW_STYLE.replace("#stylize", "#own-picture")
_NEW_NAME = "[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join('-')"
NEW_JOB = f"() => {_NEW_NAME}"
IS_INTERPOLATE_SHOWN = f"""(job) => [
  document.querySelector('#interpolate')?.offsetParent ? 'yes' : '',
  job || {_NEW_NAME}
]"""

COPY_LINK = """async () => {
  const button = [...document.querySelectorAll('.copy-link')].find((each) => each.offsetParent);
  const text = button.textContent;
  try { await navigator.clipboard.writeText(window.location.href); button.textContent = 'Copied'; }
  catch { window.prompt('The link to these pictures', window.location.href); return; }
  setTimeout(() => { button.textContent = text; }, 1500);
}"""

COPY_PLACE = """async (link) => {
  if (!link) return;
  const address = window.location.origin + window.location.pathname + link;
  try { await navigator.clipboard.writeText(address); }
  catch { window.prompt('The link to this picture', address); }
}"""

DOWNLOAD = """(file) => {
  if (!file) return;
  const link = document.createElement('a');
  link.href = file.url;
  link.download = file.orig_name;
  document.body.append(link);
  link.click();
  link.remove();
}"""


def select_tab(ids: Sequence[str]) -> str:
    """Selects the tab that the address names, of those of the page; the first one if it names none of them."""
    return f"""() => {{
  const named = new URLSearchParams(window.location.search).get('tab');
  return {{__type__: 'update', selected: {json.dumps(ids)}.includes(named) ? named : '{ids[0]}'}};
}}"""
