"""The page: `build_demo()` makes it, `launch()` opens it. The only room that imports gradio."""

import ipaddress
import os
import signal
import threading
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from gan_hub.page import (
    compare,
    explore,
    favourites,
    interpolate,
    picture,
    places,
    sample,
    style,
    stylize,
    temporary,
    zero,
)
from gan_hub.page.blocks import Page
from gan_hub.page.disk import DiskCache
from gan_hub.page.front import Front
from gan_hub.page.models import ModelShelf

# Each has a NAME, an ID for links, and build(shelf, tab).
TABS: tuple[Any, ...] = (sample, explore, interpolate, picture, stylize, compare)

# A visitor's pictures stay for an hour; the folder is swept every ten minutes.
DELETE_CACHE = (600, temporary.KEEP_SECONDS)
QUEUE_SIZE = 256  # who comes later is told so at once
SESSIONS = 200  # whose controls Gradio remembers, 0.3 MB each: every call of a program is one

DEVICE_VARIABLE = "GAN_HUB_DEVICE"  # where the networks run if nobody says; cpu without it

MASTHEAD = "<h1>GAN Hub</h1><p>Pictures from seeds, paintings from photos, by networks anyone can train.</p>"


def build_demo(
    *, allow_local: bool = False, is_public: bool = False, device: str = "cpu", shelf: ModelShelf | None = None
) -> gr.Blocks:
    """The page, not started; nothing is loaded yet.

    Args:
        allow_local: visitors may open folders of this machine by path.
        is_public: others than the owner come: repositories are opened without the owner's token.
        device: where the networks run.
        shelf: where generators come from; another one in tests.
    """
    shelf = shelf or open_shelf(allow_local=allow_local, is_public=is_public, device=device)
    with Page(title="GAN Hub", fill_width=True, delete_cache=DELETE_CACHE, analytics_enabled=False) as demo:
        demo.make_room = shelf.clear
        gr.HTML(MASTHEAD, elem_id="masthead", padding=False)
        with gr.Tabs() as tabs:
            built: dict[str, Any] = {}
            for room in TABS:
                with gr.Tab(room.NAME, id=room.ID) as tab:
                    built[room.ID] = room.build(shelf, tab)
        _connect_tabs(shelf, built, tabs)
        demo.load(None, None, tabs, js=style.SELECT_TAB, api_visibility="private")
    return demo.queue(max_size=QUEUE_SIZE)


def open_shelf(*, allow_local: bool = False, is_public: bool = False, device: str = "cpu") -> ModelShelf:
    """Where the page's models come from; arguments as in `build_demo`. On ZeroGPU they borrow its GPU."""
    # Where others come, a typed name is a stranger's: the owner's token would open the owner's private models to them,
    # and what they ask for would fill the owner's disk.
    is_public = is_public or on_space()
    lent: dict[str, Any] = {"place": zero.lend} if zero.is_active() else {"device": device}
    return ModelShelf(
        allow_folders=allow_local,
        token=False if is_public else None,
        disk=DiskCache() if is_public else None,
        **lent,
    )


def _connect_tabs(shelf: ModelShelf, built: dict[str, Any], tabs: gr.Tabs) -> None:
    """What was made on one tab goes to the others, and among the favourites."""
    chosen, kept = built[sample.ID]
    explorer, found = built[explore.ID], built[picture.ID]
    favourites.connect(shelf, kept, [chosen, explorer.place, found])
    for place in (chosen, explorer.place, found, kept.place):
        places.connect_walks(shelf, place, built[interpolate.ID], tabs)
    for place in (chosen, found, kept.place):
        explorer.connect(place, tabs)


def launch(
    *,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    allow_local: bool = True,
    device: str | None = None,
    **more: Any,
) -> gr.Blocks:
    """Build the page and serve it until interrupted.

    Args:
        host: address to listen on; None = `GRADIO_SERVER_NAME`, or this machine alone.
        port: None = `GRADIO_SERVER_PORT`, or the first free one from 7860 on.
        share: make a public link through Gradio's servers.
        allow_local: folders of this machine may be opened, if this machine alone can reach the page; else never.
        device: where the networks run; None = `GAN_HUB_DEVICE`, or cpu. On ZeroGPU it is the GPU that is lent.
        more: passed on to Gradio's `launch`.
    """
    is_private = is_loopback(host) and not share and not on_space()
    temporary.use_own_folder()
    shelf = open_shelf(
        allow_local=allow_local and is_private,
        is_public=not is_private,
        device=device or os.environ.get(DEVICE_VARIABLE) or "cpu",
    )
    if zero.is_active():
        zero.warm(shelf)
    demo = build_demo(shelf=shelf)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        demo.launch(server_name=host, server_port=port, share=share, **launch_options(), **more)
    except KeyboardInterrupt:  # while it was still opening: later, Gradio itself closes on it
        demo.close()
    return demo


def _interrupt(*_: object) -> None:
    """What ends a service ends it as Ctrl-C does: the queue stops, and visitors' files are deleted.

    Not by sending SIGINT on: a shell starts what it puts in the background with that signal ignored.
    """
    raise KeyboardInterrupt


def launch_options() -> dict[str, Any]:
    """What the page is served with wherever it is served."""
    return {
        "theme": style.THEME,
        "css": style.CSS,
        "head": style.HEAD,
        "app_kwargs": {"middleware": [Middleware(Front)]},
        "show_error": False,  # what visitors may know is raised as gr.Error
        "max_file_size": "60mb",  # photos from cameras; what is in them is bounded by gan_hub.photos
        "state_session_capacity": SESSIONS,
        "allowed_paths": [],
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
