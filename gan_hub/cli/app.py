"""The command that opens the page: app."""


def app(
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    allow_local: bool = True,
    device: str | None = None,
) -> None:
    """Open the page.

    Args:
        host: address to listen on; this machine alone (127.0.0.1) if left out.
        port: the first free one from 7860 on if left out.
        share: make a public link through Gradio's servers.
        allow_local: let the page open models in folders, if this machine alone can reach it; else it never does.
        device: where the networks run: auto (the best there is), or a name such as cuda:1; GAN_HUB_DEVICE, or auto, if
            left out.
    """
    from gan_hub.page import launch  # importing gradio takes seconds, which `gan-hub sample` should not

    launch.launch(host=host, port=port, share=share, allow_local=allow_local, device=device)
