"""The page: `build_demo()` makes it, `launch()` opens it. The only room that imports gradio."""

import ipaddress
import os
from typing import Any

import gradio as gr

from gan_hub.page import around, compare, interpolate, sample, style, stylize
from gan_hub.page.models import ModelShelf

TABS: tuple[Any, ...] = (
    sample,
    interpolate,
    stylize,
    compare,
)  # each has a NAME, an ID for links, and build(shelf, tab)

# A visitor's pictures stay for an hour; the folder is swept every ten minutes.
DELETE_CACHE = (600, 3600)

MASTHEAD = "<h1>GAN Hub</h1><p>Pictures from seeds, paintings from photos, by networks anyone can train.</p>"


def build_demo(*, allow_local: bool = False, device: str = "cpu", shelf: ModelShelf | None = None) -> gr.Blocks:
    """The page, not started; nothing is loaded yet.

    Args:
        allow_local: visitors may open folders of this machine by path.
        device: where the networks run.
        shelf: where generators come from; another one in tests.
    """
    # On a Space a typed name is a stranger's: the owner's token would open the owner's private models to everyone.
    shelf = shelf or ModelShelf(allow_folders=allow_local, token=False if on_space() else None, device=device)
    with gr.Blocks(title="GAN Hub", fill_width=True, delete_cache=DELETE_CACHE, analytics_enabled=False) as demo:
        gr.HTML(MASTHEAD, elem_id="masthead", padding=False)
        with gr.Tabs() as tabs:
            built: dict[str, Any] = {}
            for room in TABS:
                with gr.Tab(room.NAME, id=room.ID) as tab:
                    built[room.ID] = room.build(shelf, tab)
        around.connect_walks(shelf, built[sample.ID], built[interpolate.ID], tabs)
        demo.load(None, None, tabs, js=style.SELECT_TAB, api_visibility="private")
    return demo.queue(max_size=64)


def launch(
    *,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    allow_local: bool = True,
    device: str = "cpu",
    **more: Any,
) -> gr.Blocks:
    """Build the page and serve it until interrupted.

    Args:
        host: address to listen on; None = `GRADIO_SERVER_NAME`, or this machine alone.
        port: None = `GRADIO_SERVER_PORT`, or the first free one from 7860 on.
        share: make a public link through Gradio's servers.
        allow_local: folders of this machine may be opened, if this machine alone can reach the page; else never.
        device: where the networks run.
        more: passed on to Gradio's `launch`.
    """
    is_private = is_loopback(host) and not share and not on_space()
    demo = build_demo(allow_local=allow_local and is_private, device=device)
    demo.launch(server_name=host, server_port=port, share=share, **launch_options(), **more)
    return demo


def launch_options() -> dict[str, Any]:
    """What the page is served with wherever it is served."""
    return {
        "theme": style.THEME,
        "css": style.CSS,
        "head": style.HEAD,
        "show_error": False,
        "max_file_size": "60mb",  # photos from cameras; what is in them is bounded by gan_hub.photos
        "state_session_capacity": 500,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "footer_links": ["api"],
    }


def on_space() -> bool:
    """Whether this is a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def is_loopback(host: str | None) -> bool:
    """Whether only this machine can reach a page that listens on `host`; None as in `launch`."""
    host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
