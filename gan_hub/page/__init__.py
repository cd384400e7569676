"""The Gradio page: the only room that imports gradio. `gan_hub.page.launch` builds and opens it."""
