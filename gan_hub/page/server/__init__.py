"""The server around Gradio: middleware, errors, queues, the model cache, disk, ZeroGPU."""
