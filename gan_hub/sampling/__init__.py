"""From seeds and latents to pictures with their recipes, and to variations of a picture."""
