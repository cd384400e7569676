"""The page: `build_demo()` makes it, `launch()` opens it. The only room that imports gradio."""

import html
import ipaddress
import os
import signal
import threading
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from gan_hub.loading.device import AUTO, device_name
from gan_hub.page.components import theme
from gan_hub.page.components.picture_actions import TabLinks
from gan_hub.page.server import temporary, zerogpu
from gan_hub.page.server.blocks import Page
from gan_hub.page.server.disk import DiskCache
from gan_hub.page.server.middleware import PageMiddleware
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs import TABS

# A visitor's pictures stay for an hour; the folder is swept every ten minutes.
DELETE_CACHE = (600, temporary.KEEP_SECONDS)
QUEUE_SIZE = 256  # who comes later is told so at once
SESSIONS = 200  # whose controls Gradio remembers, 0.3 MB each: every call of a program is one

DEVICE_VARIABLE = "GAN_HUB_DEVICE"  # the device of the networks if no option names one; auto if unset

MASTHEAD = (
    "<h1>GAN Hub</h1><p>Pictures from seeds, paintings from photos, by networks anyone can train. "
    '<span id="runs-on">Runs on {}.</span></p>'
)


def build_demo(
    *, allow_local: bool = False, is_public: bool = False, device: str = "cpu", model_cache: ModelCache | None = None
) -> gr.Blocks:
    """The page, not started; nothing is loaded yet.

    Args:
        allow_local: visitors may open folders of this machine by path.
        is_public: others than the owner come: repositories are opened without the owner's token.
        device: where the networks run.
        model_cache: where generators come from; another one in tests.
    """
    model_cache = model_cache or open_model_cache(allow_local=allow_local, is_public=is_public, device=device)
    with Page(title="GAN Hub", fill_width=True, delete_cache=DELETE_CACHE, analytics_enabled=False) as demo:
        demo.make_room = model_cache.clear
        where = "ZeroGPU" if zerogpu.is_active() else device_name(model_cache.device)
        gr.HTML(MASTHEAD.format(html.escape(where)), elem_id="masthead", padding=False)
        with gr.Tabs() as tabs:
            links = []
            for each in TABS:
                with gr.Tab(each.NAME, id=each.ID) as tab:
                    links.append(each.build(model_cache, tab) or TabLinks())
        for place in (place for own in links for place in own.pictures):
            for other in links:
                other.connect(place, tabs)
        demo.load(None, None, tabs, js=theme.select_tab([each.ID for each in TABS]), api_visibility="private")
    return demo.queue(max_size=QUEUE_SIZE)


def open_model_cache(*, allow_local: bool = False, is_public: bool = False, device: str = "cpu") -> ModelCache:
    """Where the page's models come from; arguments as in `build_demo`. On ZeroGPU they borrow its GPU."""
    # Where others come, a typed name is a stranger's: the owner's token would open the owner's private models to them,
    # and what they ask for would fill the owner's disk.
    is_public = is_public or on_space()
    lent: dict[str, Any] = {"place": zerogpu.lend} if zerogpu.is_active() else {"device": device}
    return ModelCache(
        allow_folders=allow_local,
        token=False if is_public else None,
        disk=DiskCache() if is_public else None,
        **lent,
    )


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
        device: where the networks run; None = `GAN_HUB_DEVICE`, or auto. On ZeroGPU it is the GPU that is lent.
        more: passed on to Gradio's `launch`.
    """
    is_private = is_loopback(host) and not share and not on_space()
    temporary.use_own_folder()
    model_cache = open_model_cache(
        allow_local=allow_local and is_private,
        is_public=not is_private,
        device=device or os.environ.get(DEVICE_VARIABLE) or AUTO,
    )
    if zerogpu.is_active():
        zerogpu.warm(model_cache)
    demo = build_demo(model_cache=model_cache)
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
        "theme": theme.THEME,
        "css": theme.CSS,
        "head": theme.HEAD,
        "app_kwargs": {"middleware": [Middleware(PageMiddleware)]},
        "show_error": False,  # what visitors may know is raised as gr.Error
        "max_file_size": "60mb",  # photos from cameras; what is in them is bounded by gan_hub.painting.photos
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
