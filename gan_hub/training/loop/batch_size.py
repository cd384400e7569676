"""Finds the largest batch that fits into the device's memory."""

import gc
import logging
from dataclasses import replace

from accelerate import Accelerator
from accelerate.utils import release_memory
from accelerate.utils.memory import should_reduce_batch_size

from gan_hub.data.dataset import Dataset
from gan_hub.training.data.batches import Batches
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.options.options import OptionError, TrainingOptions

logger = logging.getLogger(__name__)


def fitting_batch(options: TrainingOptions, data: Dataset, accelerator: Accelerator) -> TrainingOptions:
    """The options with the batch halved, and accumulated twice as often, until a step fits into memory.

    The step that is tried is the first one, which has the penalties and takes the most; its networks are thrown away.

    Raises:
        OptionError: there are several processes, which could not agree on it in the middle of a step; or not even a
            batch of one picture fits.
    """
    if accelerator.num_processes > 1:
        raise OptionError(
            "--auto_batch_size works with one process; find the batch with one, then give --train_batch_size and "
            "--gradient_accumulation_steps"
        )
    while True:
        try:
            _try(options, data, accelerator)
        except Exception as error:
            if not should_reduce_batch_size(error):
                raise
            if options.train_batch_size == 1:
                raise OptionError(
                    "not even a batch of one picture fits into memory; use a lower --resolution or smaller --widths"
                ) from error
        else:
            return options
        finally:
            accelerator.free_memory()
            release_memory()
            gc.collect()
        # An odd batch would not halve without losing pictures.
        half = options.train_batch_size // 2
        accumulation = options.gradient_accumulation_steps * options.train_batch_size // half
        logger.info("a batch of %d does not fit into memory; %d times %d", options.train_batch_size, accumulation, half)
        options = replace(options, train_batch_size=half, gradient_accumulation_steps=accumulation)


def _try(options: TrainingOptions, data: Dataset, accelerator: Accelerator) -> None:
    trainer = build_trainer(options, data, accelerator)
    trainer.step(Batches(data, options, accelerator=accelerator), 0)
