"""What `--preset` of `train/stylize.py` stands for: the options that differ from the defaults of StyleOptions."""

from pathlib import Path
from typing import Any

from gan_hub.training.options.options import from_preset
from gan_hub.training.style.options import StyleOptions

# Photos without restrictions of use; those that results are judged by are left out, three portraits among them.
PHOTOS = {
    "photos": (Path("photos/kodak"), Path("photos/budgie-cc0"), Path("photos/pexels-coast")),
    "photos_exclude": ("4.jpg", "8.jpg", "12.jpg", "15.jpg", "18.jpg", "21.jpg", "22.jpg", "23.jpg"),
}


# Painted like the paintings, by features that were learned from photos; see perceptual.py.
PERCEPTUAL: dict[str, Any] = {
    "architecture": "multi-style",
    "widths": (32, 64, 128),
    "num_blocks": 4,
    "noise_channels": 3,
    "style_weight": 3.5,
    "features_weight": 1.0,
    "objects_weight": 2.5,
    "luminance_weight": 0.7,
    "palette_weight": 50.0,
    "palette_amount": 0.75,
    "flow_weight": 2.0,
    "grid_weight": 200.0,
    "tv_weight": 0.3,
    "target_weight": 0.0,
    "adversarial_weight": 0.0,
    "nce_weight": 0.0,
    "colour_weight": 0.0,
    "crop_size": 208,
    "photo_sides": (240, 600),
    "painting_side": 600,
    "adam_beta1": 0.9,
    "learning_rate": 2e-3,
    "final_learning_rate": 4e-5,
    "lr_warmup_steps": 50,
    "ema_half_life": 600,
}

OWN_PHOTOS = Path(__file__).parent / "photos"  # CC0, small: enough to learn a style on a trunk that knows photos

_SINGLES, _LANDSCAPES, _FAMOUS = (f"paintings/{name}" for name in ("style-singles", "landscape-masters", "famous"))

# Few paintings each, alike in palette and touch: the mean of unlike ones is nobody's style.
BUNDLED_STYLES: dict[str, tuple[str, ...]] = {
    "starry-night": (f"{_SINGLES}/starry_night.jpg",),
    "van-gogh": (f"{_SINGLES}/vg_wheat_field.jpg", f"{_LANDSCAPES}/3_37.jpg", f"{_SINGLES}/vg_self.jpg"),
    "monet": (f"{_LANDSCAPES}/4_28.jpg", f"{_SINGLES}/water-lilies-1919-2.jpg", f"{_LANDSCAPES}/4_27.jpg"),
    "ukiyo-e": (f"{_FAMOUS}/the-great-wave-off-kanagawa.jpg",),
    "old-masters": (
        f"{_FAMOUS}/attributed-to-rembrandt-van-rijn-man-reading-1955-841-clark-art-institutefxd.jpg",
        f"{_FAMOUS}/rembrandt-van-rijn-three-musicians-rr-105-leiden-collection.jpg",
        f"{_FAMOUS}/the-art-of-painting.jpg",
    ),
    "the-scream": (f"{_SINGLES}/the_scream.jpg",),
    "kandinsky": (f"{_SINGLES}/composition_vii.jpg",),
    "pencil": (
        f"{_FAMOUS}/1059-303-august-macke-elisabeth-gerha.jpg",
        f"{_FAMOUS}/1121-387-august-macke-junge-frau-auf.jpg",
    ),
}
# Where the usual weight would scar faces, or drown them in one colour or in the dark.
STYLE_WEIGHTS = {
    "van-gogh": 3.0,
    "monet": 2.4,
    "ukiyo-e": 2.2,
    "old-masters": 1.8,
    "the-scream": 3.2,
    "kandinsky": 3.2,
}

STYLE_PRESETS: dict[str, dict[str, Any]] = {
    # Your own painting: `--style_image FILE`, or `--paintings FOLDER`; three minutes on two cores.
    "own": {
        **PERCEPTUAL,
        "photos": (OWN_PHOTOS,),
        "init": "van-gogh",
        "output_dir": Path("runs/my-style"),
        "max_train_steps": 400,
        "learning_rate": 1e-3,
        "checkpointing_steps": 100,
        "sampling_steps": 50,
    },
    # All the bundled styles in one network, from nothing.
    "styles": {
        **PERCEPTUAL,
        **PHOTOS,
        "styles": tuple(
            f"{name}={','.join(files)}" + (f":{STYLE_WEIGHTS[name]}" if name in STYLE_WEIGHTS else "")
            for name, files in BUNDLED_STYLES.items()
        ),
        "output_dir": Path("runs/styles"),
        "max_train_steps": 8000,
    },
    # The network without normalisation that learns from sketches in strokes (strokes.py), as version 0.1.0 bundled it.
    "sketch": {
        **PHOTOS,
        "style_image": Path("paintings/style-singles/starry_night.jpg"),
        "output_dir": Path("runs/sketch"),
    },
    # The encoder-decoder of the tutorials with their objective, kept for comparison.
    "tutorial": {
        **PHOTOS,
        "style_image": Path("paintings/style-singles/starry_night.jpg"),
        "output_dir": Path("runs/tutorial"),
        "architecture": "encoder-decoder",
        "widths": (64, 128, 256),
        "num_blocks": 0,
        "noise_channels": 0,
        "discriminator_widths": (64, 128, 256),
        "num_scales": 1,
        "instance_norm": True,
        "gamma": 0.0,
        "final_gamma": 0.0,
        "target_weight": 0.0,
        "adversarial_weight": 1.0,
        "adversarial_start": 0,
        "nce_weight": 0.0,
        "colour_weight": 0.0,
        "content_weight": 10.0,
        "learning_rate": 2e-4,
        "final_learning_rate": 2e-4,
        "adam_beta2": 0.999,
        "train_batch_size": 1,
    },
    # Pictures twice as large: what a light network adds to bicubic enlargement.
    "upscale-2x": {
        **PHOTOS,
        "output_dir": Path("runs/upscale-2x"),
        "architecture": "upscaler",
        "widths": (48,),
        "num_blocks": 6,
        "noise_channels": 0,
        "scale": 2,
        "photo_sides": (512, 768),
        "crop_size": 96,
        "adversarial_weight": 0.01,
        "adversarial_start": 1500,
        "max_train_steps": 6000,
        "nce_weight": 0.0,
        "colour_weight": 0.0,
        "ema_half_life": 4000,
    },
}


def style_preset(name: str) -> StyleOptions:
    """The options of a preset; see `from_preset`."""
    return from_preset(StyleOptions, STYLE_PRESETS, name)
