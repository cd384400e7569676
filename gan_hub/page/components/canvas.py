"""Canvases for a mouse or a finger: an empty one to draw on, and one over a picture to mark unknown parts.

Gradio's image editor requires the choice of a tool before the first stroke, and WebGL; these canvases need neither.
"""

import base64
import binascii
import io
import re

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gan_hub.images import png_bytes

SIDE = 320  # of a canvas, in its own pixels
MAX_TEXT = 1_000_000
DATA_URL = re.compile(r"data:image/png;base64,([A-Za-z0-9+/]+={0,2})")
COVERED = 0.25  # the share of a pixel, painted over, that makes it missing

DRAWING = f"""<div class="canvas drawing"><canvas width="{SIDE}" height="{SIDE}" role="img"
  aria-label="Draw here"></canvas>
<div class="canvas-tools"><label>Pen <input type="range" class="pen" min="4" max="60" value="24" aria-label="Pen width">
</label><input type="color" class="ink" value="#000000" aria-label="Colour of the pen">
<button type="button" class="clear">Clear</button></div></div>"""
MASK = f"""<div class="canvas mask"><div class="under">
<img src="${{value}}" alt="The picture as it was prepared"><canvas width="{SIDE}" height="{SIDE}" role="img"
  aria-label="Paint over what is missing"></canvas></div>
<div class="canvas-tools"><label>Brush <input type="range" class="pen" min="10" max="120" value="50"
  aria-label="Brush width"></label><button type="button" class="clear">Clear</button></div></div>"""

# The canvas is looked up anew each time: a new picture below it brings a new, empty one.
STROKES = """
const canvas = () => element.querySelector('canvas');
let last = null;
const paper = () => {
  const pen = canvas().getContext('2d');
  pen.clearRect(0, 0, canvas().width, canvas().height);
  if (!element.querySelector('.drawing')) return;
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, canvas().width, canvas().height);
};
const place = (event) => {
  const box = canvas().getBoundingClientRect();
  return [(event.clientX - box.left) * canvas().width / box.width,
          (event.clientY - box.top) * canvas().height / box.height];
};
const line = (from, to) => {
  const pen = canvas().getContext('2d');
  pen.lineCap = pen.lineJoin = 'round';
  pen.lineWidth = Number(element.querySelector('.pen').value);
  pen.strokeStyle = element.querySelector('.ink')?.value || '#e11d48';
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
};
element.addEventListener('pointerdown', (event) => {
  if (event.target !== canvas() || event.button) return;
  event.preventDefault();
  canvas().setPointerCapture(event.pointerId);
  last = place(event);
  line(last, last);
});
element.addEventListener('pointermove', (event) => {
  if (!last) return;
  const next = place(event);
  line(last, next);
  last = next;
});
for (const name of ['pointerup', 'pointercancel']) {
  element.addEventListener(name, () => { if (last) { last = null; trigger('input'); } });
}
element.addEventListener('click', (event) => {
  if (!event.target.closest('.clear')) return;
  paper();
  trigger('clear');
});
paper();
"""


def drawing(elem_id: str) -> gr.HTML:
    """A white canvas; its events are `input`, after each stroke, and `clear`."""
    return gr.HTML(html_template=DRAWING, js_on_load=STROKES, elem_id=elem_id, padding=False)


def mask(elem_id: str) -> gr.HTML:
    """A canvas for marking unknown parts of the picture that is its value (see `data_url`); events as of `drawing`."""
    return gr.HTML("", html_template=MASK, js_on_load=STROKES, elem_id=elem_id, padding=False)


def pixels_of(elem_id: str) -> str:
    """JavaScript that replaces the first input of an event by a canvas as text, and passes the other inputs on."""
    return f"(_, ...others) => [document.querySelector('#{elem_id} canvas')?.toDataURL() || '', ...others]"


def data_url(picture: Image.Image) -> str:
    """A picture as a data URL, which an `img` shows."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(picture)).decode()


def read_canvas(text: object) -> Image.Image:
    """The drawing on a canvas, as RGBA.

    Raises:
        ValueError: the text, which anyone may have sent, is not that of a canvas.
    """
    error_to_raise = ValueError("this is not a drawing of this page; draw again")
    if not isinstance(text, str) or len(text) > MAX_TEXT or not (match := DATA_URL.fullmatch(text)):
        raise error_to_raise
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(match[1], validate=True)), formats=["PNG"])
        if picture.size != (SIDE, SIDE):
            raise error_to_raise
        return picture.convert("RGBA")
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise error_to_raise from error


def is_blank(picture: Image.Image) -> bool:
    """Whether the canvas is empty."""
    return all(low == high for low, high in picture.getextrema())  # type: ignore[misc]  # RGBA has pairs


def known_pixels(picture: Image.Image, size: tuple[int, int]) -> Tensor:
    """A mask [H, W] of the pixels of a picture that are not painted over on the canvas above it."""
    covered = picture.getchannel("A").resize((size[1], size[0]), Image.Resampling.BOX)
    shares = torch.frombuffer(bytearray(covered.tobytes()), dtype=torch.uint8).view(size)
    return shares.float() / 255 < COVERED
