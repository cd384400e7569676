"""Putting a playground online: a Gradio Space, a container, or a page that needs no server."""
