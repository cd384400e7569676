"""How the page looks, and the few lines that run in the browser."""

import gradio as gr

THEME = gr.themes.Soft(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_md,
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
)

CSS = """
.gradio-container { max-width: 1240px !important; margin: 0 auto; }
#masthead h1 { font-size: 1.7rem; font-weight: 700; margin: .4rem 0 0; letter-spacing: -.02em; }
#masthead p { margin: .1rem 0 .3rem; color: var(--body-text-color-subdued); }

#controls { flex: 0 0 320px; }
#seed-row { align-items: end; }
#seed-row button { height: 42px; }
#model-facts { font-size: .85rem; color: var(--body-text-color-subdued); line-height: 1.5; }
#summary { font-size: .9rem; color: var(--body-text-color-subdued); }
#summary strong { color: var(--body-text-color); font-weight: 600; }

#gallery .grid-container { grid-template-columns: repeat(var(--columns, 6), minmax(0, 1fr)); grid-auto-rows: auto;
  grid-template-rows: none; gap: 10px; }
#gallery .grid-wrap { max-height: none; overflow: visible; padding: 10px; min-height: 0; }
#gallery .thumbnail-lg { aspect-ratio: auto; height: auto; display: flex; flex-direction: column; overflow: hidden; }
#gallery .thumbnail-lg > img { height: auto; width: 100%; border-radius: 0; }
#gallery .caption-label { position: static; max-width: 100%; border: 0; border-radius: 0; width: 100%; text-align: center;
  padding: 3px 4px; font-size: .72rem; background: none; color: var(--body-text-color-subdued); }
#gallery .gallery-item { height: auto; }
body:has(.few-pixels) #gallery img { image-rendering: pixelated; }

@media (max-width: 700px) {
  .gradio-container { padding-inline: 8px !important; }
  #results { order: -1; }
  #controls { flex: 1 1 auto; }
  #gallery .grid-container { grid-template-columns: repeat(min(var(--columns, 6), 4), minmax(0, 1fr)); gap: 6px; }
  #gallery .grid-wrap { padding: 6px; }
}
"""

# Back and Forward bring a URL, and a URL brings its pictures.
HEAD = "<script>window.addEventListener('popstate', () => window.location.reload())</script>"

READ_QUERY = "() => window.location.search"
RANDOM_SEED = "() => Math.floor(Math.random() * 1000000)"
SET_COLUMNS = "(columns) => { document.documentElement.style.setProperty('--columns', columns) }"

_SHOW_STATE = """(link, columns) => {
  document.documentElement.style.setProperty('--columns', columns);
  if (link && link !== window.location.search) window.history.%s({}, '', link);
}"""
PUSH_STATE = _SHOW_STATE % "pushState"
REPLACE_STATE = _SHOW_STATE % "replaceState"

COPY_LINK = """async () => {
  const button = document.querySelector('#copy-link');
  const text = button.textContent;
  try { await navigator.clipboard.writeText(window.location.href); button.textContent = 'Copied'; }
  catch { window.prompt('The link to these pictures', window.location.href); return; }
  setTimeout(() => { button.textContent = text; }, 1500);
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
