"""What stands before and around Gradio: middleware, errors, queues, the model cache, disk, ZeroGPU."""
