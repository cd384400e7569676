"""What `--preset` of `train/stylize.py` stands for: the options that differ from the defaults of StyleOptions."""

from pathlib import Path
from typing import Any

from gan_hub.training.options.options import from_preset
from gan_hub.training.style.options import StyleOptions

# Photos without restrictions of use; those that results are judged by are left out, and a painting among them.
PHOTOS = {
    "photos": (Path("photos/kodak"), Path("photos/budgie-cc0"), Path("photos/pexels-coast")),
    "photos_exclude": (
        *("4.jpg", "8.jpg", "12.jpg", "15.jpg", "21.jpg", "22.jpg", "23.jpg", "pexels-157398.jpg"),
        *("kitten-on-lawn.jpg", "lake-sherburne.jpg", "san-francisco-skyline.jpg", "serene.jpg", "ocean-waves.jpg"),
    ),
}


def _paintings(folder: str, *names: str) -> tuple[Path, ...]:
    return tuple(Path(f"paintings/{folder}/{name}.jpg") for name in names)


STYLE_PRESETS: dict[str, dict[str, Any]] = {
    # Your own pictures: `--photos FOLDER --paintings FOLDER`, or `--style_image FILE`.
    "own": {"output_dir": Path("runs/my-style")},
    # A single painting.
    "starry-night": {
        **PHOTOS,
        "style_image": Path("paintings/style-singles/starry_night.jpg"),
        "output_dir": Path("runs/starry-night"),
        "contrast": 0.72,
        "broken_colour": 0.12,
        "stroke_length": 26.0,
        "outline": 0.2,
    },
    # Long strokes that follow what they paint.
    "van-gogh": {
        **PHOTOS,
        "paintings": (
            *_paintings("style-singles", "starry_night", "vg_wheat_field", "vg_houses", "vg_olive", "vg_self"),
            *_paintings("landscape-masters", "3_34", "3_36", "3_37"),
        ),
        "output_dir": Path("runs/van-gogh"),
        "broken_colour": 0.07,
        "outline": 0.2,
    },
    # Short dabs of many colours, by Monet, Renoir and Pissarro.
    "monet": {
        **PHOTOS,
        "paintings": (
            *_paintings("style-singles", "water-lilies-1919-2"),
            *_paintings("landscape-masters", "4_24", "4_25", "4_26", "4_27", "4_28", "4_29", "6_08", "6_15"),
            *_paintings("famous", "pierre-auguste-renoir-au-bord-de-la-riviere"),
        ),
        "output_dir": Path("runs/monet"),
        "stroke_length": 7.0,
        "stroke_width": 1.6,
        "broken_colour": 0.07,
        "flattening": 4,
        "smoothing": 4.0,
        "raggedness": 5.0,
    },
    # Flat colours between lines, as in woodcuts by Hokusai and Kuniyoshi.
    "ukiyo-e": {
        **PHOTOS,
        "paintings": (
            *_paintings("style-singles", "wave", "japanese_flower_sakai_hoitsu"),
            *_paintings(
                "famous",
                "the-great-wave-off-kanagawa",
                "kuniyoshi-utagawa-sceleton",
                "gyosai-chikamaro-the-cow-shed-at-takanawa-google-art-project",
                "emperor-arriving-in-tokyo-by-kobori-tomoto",
            ),
        ),
        "output_dir": Path("runs/ukiyo-e"),
        "stroke_lightness": 0.0,
        "stroke_colour": 0.02,
        "palette_amount": 1.0,
        "broken_colour": 0.06,
        "impasto": 0.0,
        "flattening": 8,
        "smoothing": 12.0,
        "raggedness": 1.0,
        "outline": 1.0,
    },
    # Landscapes of the seventeenth and eighteenth century.
    "old-masters": {
        **PHOTOS,
        "paintings": _paintings(
            "landscape-masters",
            *("landmose", "riverla2", "extensiv", "landscap", "edgewood", "extensiv_1", "landscap_1", "woodedla"),
            *("river_la", "kilarney", "waterfal", "italiana", "italianb", "coastal"),
            *("2_01", "2_02", "2_13", "2_14", "2_19", "2_20"),
        ),
        "output_dir": Path("runs/old-masters"),
        "stroke_length": 10.0,
        "stroke_lightness": 0.03,
        "stroke_colour": 0.04,
        "broken_colour": 0.06,
        "impasto": 0.02,
        "flattening": 4,
        "smoothing": 4.0,
        "raggedness": 2.0,
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
