"""The page's theme and CSS, and the few lines of JavaScript that run in the browser."""

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

CSS = """
.gradio-container { max-width: 1240px !important; width: 100%; margin: 0 auto; }
.gradio-container .main { padding: 0 !important; }
.gradio-container main { padding: 24px 20px 8px !important; }
.controls > .block, .controls > .form, .controls .row > .block, .controls .row > .form {
  border: 1px solid var(--border-color-primary); }
#masthead h1 { font-size: 1.7rem; font-weight: 700; margin: 0; letter-spacing: -.02em; }
#masthead p { margin: .1rem 0 0; color: var(--body-text-color-subdued); }

.workplace { align-items: flex-start; gap: 20px; }
.controls { flex: 0 0 330px !important; gap: 12px; }
.results { flex: 1 1 0 !important; gap: 12px; }
.seed-row { align-items: flex-end; }
.seed-row button { min-height: 44px; font-size: .9rem; white-space: nowrap; padding-inline: 8px; }
#numbers .min_value, #numbers .max_value, .pair-of-sliders .min_value, .pair-of-sliders .max_value { display: none; }
.model-facts { border: 0 !important; min-height: 0; font-size: .82rem;
  color: var(--body-text-color-subdued); line-height: 1.5; padding: 0 4px; }
.restore button { line-height: 1.3; font-size: .9rem; padding-top: 22px; }
.restore .icon-wrap { display: none; }
.take-away { align-items: center; gap: 8px; }
.summary { flex: 1 1 160px !important; min-width: 160px !important;
  color: var(--body-text-color-subdued); font-size: .95rem; }
.summary strong { color: var(--body-text-color); font-weight: 600; }
.take-away button { flex: 0 1 auto; min-width: 0 !important; min-height: 36px; white-space: nowrap; }
footer .divider { display: none; }
.pair-of-sheets { gap: 12px; }
.sheet img { image-rendering: pixelated; width: 100%; height: auto; }

#gallery .grid-container { grid-template-columns: repeat(var(--columns, 6), minmax(0, 300px)); grid-auto-rows: auto;
  justify-content: center;
  grid-template-rows: none; gap: 10px; }
#gallery .grid-wrap { max-height: none; overflow: visible; padding: 10px; min-height: 0; }
#gallery .thumbnail-lg { aspect-ratio: auto; height: auto; display: flex; flex-direction: column; overflow: hidden; }
#gallery .thumbnail-lg > img { height: auto; width: 100%; border-radius: 0; aspect-ratio: auto 1 / 1; }
#gallery .caption-label { position: static; max-width: 100%; border: 0; border-radius: 0; width: 100%;
  text-align: center; padding: 4px 3px; font-size: .75rem; line-height: 1.25; white-space: normal; background: none;
  color: var(--body-text-color); }
#gallery .gallery-item { height: auto; }
body:has(.few-pixels) #gallery img { image-rendering: pixelated; }
#gallery:has(.preview) { min-height: min(70vh, 640px); }

.thumbnails { overflow: visible !important; padding: 8px 10px 10px !important; height: auto !important; }
.thumbnails > label, .thumbnails [data-testid="block-label"] { position: static !important; border: 0 !important;
  padding: 0 0 6px !important; box-shadow: none !important; background: none !important; float: none; }
.thumbnails [data-testid="block-label"] svg, .thumbnails [data-testid="block-label"] > span:first-child {
  display: none; }
.thumbnails .grid-wrap { max-height: none; min-height: 0; height: auto; overflow: visible; padding: 0; }
.thumbnails .gallery-container { height: auto !important; }
.thumbnails .grid-container { grid-template-columns: repeat(3, minmax(0, 1fr)); grid-auto-rows: auto;
  grid-template-rows: none; gap: 8px; padding: 0; }
.thumbnails .thumbnail-lg { aspect-ratio: auto; height: auto; display: flex; flex-direction: column;
  overflow: hidden; }
.thumbnails .thumbnail-lg > img { aspect-ratio: 4 / 3; height: auto; width: 100%; border-radius: 0; }
.thumbnails .thumbnail-lg:hover { filter: none; box-shadow: 0 0 0 2px var(--color-accent); }
.thumbnails .thumbnail-lg.selected { box-shadow: 0 0 0 3px var(--color-accent); }
.thumbnails .caption-label { position: static; max-width: 100%; width: 100%; border: 0; border-radius: 0;
  box-shadow: none; text-align: center; padding: 3px 2px; font-size: .75rem; line-height: 1.25; background: none;
  color: var(--body-text-color); }
/* Who waits is told the place in the queue where the summary stands; what is done in a moment shows nothing of it. */
.summary .wrap.minimal { overflow: visible !important; height: auto !important; padding: 0 12px !important;
  align-items: flex-start !important; animation: told 0s .7s both; }
.summary .wrap.minimal .progress-text { position: static; transform: none; padding: 8px 0; font: inherit;
  font-size: .95rem; background: var(--body-background-fill); width: 100%; text-align: left; }
@keyframes told { from { visibility: hidden; } to { visibility: visible; } }
.summary progress { width: 100px; height: 8px; accent-color: var(--color-accent); vertical-align: middle;
  margin-right: 6px; }
.keys .thumbnail-lg > img { aspect-ratio: auto 1 / 1 !important; image-rendering: pixelated; }
.keys .grid-container { grid-template-columns: repeat(var(--grid-cols), minmax(0, 1fr)) !important; }
.keys .gallery-item, .keys .thumbnail-lg { min-width: 0; width: 100%; }
#favourites .grid-container { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)) !important; }
#around .seed-row button { white-space: normal; line-height: 1.2; }
#sweep img { max-height: 560px; }
#sweep .icon-button-wrapper { display: flex; }
.key-frames { gap: 8px; }
.key-frames > .block, .key-frames > .form { border: 1px solid var(--border-color-primary); }
.key-buttons { gap: 6px; }
.key-buttons button { min-width: 0 !important; white-space: nowrap; padding-inline: 4px; }
.player { border: 0; }
.player video, .player img { max-height: 560px; width: 100%; object-fit: contain; image-rendering: pixelated; }
.side-by-side { gap: 12px; }
.side-by-side > * { min-width: 100px !important; }
.shown-large { padding: 8px 10px 10px !important; }
.shown-large [data-testid="block-label"] { position: static; border: 0; padding: 0 0 6px; box-shadow: none;
  background: none; }
.shown-large [data-testid="block-label"] span { display: none; }
.shown-large .image-container, .shown-large .image-frame, .shown-large button { height: auto !important; width: 100%; }
.shown-large img { width: 100% !important; height: auto !important; aspect-ratio: auto; max-height: 300px;
  object-fit: contain; image-rendering: pixelated; }
.sheet-and-pictures { gap: 12px; align-items: flex-start; }
.sheet-and-pictures > * { flex: 1 1 0 !important; min-width: 130px !important; max-width: 300px; }
.sources .tabitem { padding: 10px 0 0; border: 0; }
#sheet-to-draw-on, #mask-canvas { padding: 0 !important; }
.shown-large .icon-button-wrapper { display: none; }
.hint { color: var(--body-text-color-subdued); padding: 6px 0 0; }
.hint strong { color: var(--body-text-color); }
.sliders .form { display: grid !important; grid-template-columns: repeat(auto-fill, minmax(185px, 1fr)); width: 100%; }
.sliders .form > * { min-width: 0 !important; }
#shown .wrap { gap: 4px; }
#shown label { padding: 4px 8px; }
.canvas canvas { display: block; width: 100%; aspect-ratio: 1; touch-action: none; cursor: crosshair;
  border: 1px solid var(--border-color-primary); border-radius: 8px; }
.canvas.drawing canvas { background: #fff; }
.canvas .under { position: relative; }
.canvas .under img { display: block; width: 100%; image-rendering: pixelated; border-radius: 8px; }
.canvas .under canvas { position: absolute; inset: 0; height: 100%; opacity: .75; }
.canvas-tools { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; padding: 8px 2px 0; font-size: .85rem; }
.canvas-tools label { display: flex; align-items: center; gap: 6px; flex: 1; }
.canvas-tools input[type=range] { flex: 1; width: 60px; min-width: 50px; accent-color: var(--color-accent); }
.canvas-tools input[type=color] { flex: none; width: 34px; height: 30px; padding: 0; border: 0; background: none; }
.canvas-tools button { padding: 6px 14px; border-radius: 8px; background: var(--button-secondary-background-fill);
  border: 1px solid var(--border-color-primary); }
.scrub-row { align-items: center; }
#frame { flex: 0 0 150px !important; min-width: 100px !important; }
#way .wrap { gap: 6px; flex-wrap: nowrap; }
#way label { padding: 6px; white-space: nowrap; }
.in-three { display: grid !important; grid-template-columns: 330px minmax(0, 1fr); grid-template-rows: auto 1fr; }
.in-three > .controls:first-child { grid-row: 1 / span 2; }
.in-three > .more { display: grid !important; grid-template-columns: 1fr 1fr; align-items: start; }
#frame img { image-rendering: pixelated; }
#pair { border: 0; padding: 0; }
.controls input[type=checkbox] { border-color: var(--neutral-400); }

@media (max-width: 700px) {
  .tab-container button { padding-inline: 3px !important; font-size: .78rem; }
  .in-three { display: flex !important; }
  .in-three > .more { grid-template-columns: 1fr; width: 100%; }
  .sheet-and-pictures { flex-wrap: wrap; }
  .sheet-and-pictures > .sources { flex: 1 1 100% !important; max-width: none; }
  .gradio-container .main main { padding: 14px 10px 8px !important; }
  .results { order: -1; flex: 1 1 100% !important; }
  .controls { flex: 1 1 100% !important; }
  .workplace { gap: 14px; }
  #gallery .grid-container { grid-template-columns: repeat(min(var(--columns, 6), 4), minmax(0, 1fr)); gap: 6px; }
  #gallery .grid-wrap { padding: 6px; }
  .take-away button { flex: 1 1 auto; }
  .summary { flex: 1 1 100% !important; }
}
"""

# Back and Forward bring a URL, and a URL brings its pictures.
HEAD = "<script>window.addEventListener('popstate', () => window.location.reload())</script>"

SELECT_TAB = """() => {
  const named = new URLSearchParams(window.location.search).get('tab');
  const others = ['explore', 'interpolate', 'picture', 'stylize', 'compare'];
  return {__type__: 'update', selected: others.includes(named) ? named : 'sample'};
}"""
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
