"""Trains a stylizer of photos and writes what `PhotoStylizer.from_pretrained` loads.

accelerate launch train/stylize.py --style_image one_painting.jpg
accelerate launch train/stylize.py --paintings my_paintings --photos my_photos
accelerate launch train/stylize.py --preset styles
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accelerate import Accelerator

from gan_hub.loading.card import StyleFacts
from gan_hub.training.checkpoints import resume
from gan_hub.training.loop.timing import planned
from gan_hub.training.run.launch import begin, carry_out, launched, parse_with_preset
from gan_hub.training.run.run import Run, Subject
from gan_hub.training.style.batches import StyleBatches
from gan_hub.training.style.build import build_style_trainer
from gan_hub.training.style.data import StyleData, load_style_data
from gan_hub.training.style.health import StyleMonitor
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.presets import STYLE_PRESETS
from gan_hub.training.style.sheet import Sheet
from gan_hub.training.style.step import StyleTrainer


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, and return the exit status; see `gan_hub.training.run.launch.launched`."""
    return launched(parse, train, arguments)


def parse(arguments: Sequence[str]) -> StyleOptions:
    """The options: the preset's, with those named on the command line instead.

    Raises:
        OptionError: the preset is unknown, or an option is refused.
    """
    return parse_with_preset(arguments, StyleOptions, STYLE_PRESETS, default="own", what="a stylizer of photos")


def train(options: StyleOptions) -> None:
    """Train from start to end, or to an interrupt, and write the run folder."""
    options, accelerator, resumed = begin(options)
    with accelerator.main_process_first():
        data = load_style_data(options)
    batches = StyleBatches(data, options, accelerator=accelerator)

    def build() -> StyleTrainer:
        return build_style_trainer(options, accelerator, data)

    options = planned(options, build, batches, resume.known_options(resumed) if resumed else None)
    trainer = build()
    run = Run(options, subject(options, data, accelerator), trainer, resumed)
    carry_out(trainer, batches, run, resumed, build)


def subject(options: StyleOptions, data: StyleData, accelerator: Accelerator) -> Subject:
    """What the run is about."""
    photos = [sketch.photo for sketch in data.sketches]
    watched = accelerator.is_main_process and options.health_steps > 0

    def facts(measured: Mapping[str, str] | None, **known: Any) -> StyleFacts:
        return StyleFacts(
            paintings=data.painting_names,
            photos=data.photo_description,
            data_sha256=data.sha256,
            measured=measured or {},
            **known,
        )

    return Subject(
        description=data.description(),
        data_sha256=data.sha256,
        save_sheet=Sheet.of(photos),
        facts=facts,
        health=StyleMonitor(options, photos, accelerator.device) if watched else None,
    )
