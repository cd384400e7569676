"""The training loop: k updates of the discriminator, one of the generator, all randomness a function of the step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan_hub.evaluation.divergences import PROVED
from gan_hub.generator import GanGenerator
from gan_hub.losses import LOSSES, gradient_penalty, interpolates, mutual_information_loss, squared_gradient_norms
from gan_hub.models.projected import ProjectedFeatures
from gan_hub.training.checkpoints.checkpoint import copy_into, part_of, tensors_of
from gan_hub.training.data.augment import Augment, random_view
from gan_hub.training.data.batches import Batch
from gan_hub.training.loop.engine import Engine
from gan_hub.training.options.options import TrainingOptions

Views = list[Tensor]
"""What a discriminator looks at, [B, ...] each: the pictures, the maps of their features, or both."""

Verdicts = list[Tensor]
"""Its logits, [B, places] of each head; [B, 1] of a discriminator without places."""

PIXEL_PENALTY = 0.1  # weight of the penalty at pixels beside that at maps, which have other dimensions

# The whole discriminator of the pixels gives one logit, the heads beside it some fifty: of as much weight as any other
# logit, it would hardly be heard. With 20, coloured digits were legible after a third of the pictures, but cartoon
# faces had ghosts around their outlines (docs/log.md).
PIXEL_WEIGHT = 6.0


@dataclass(frozen=True)
class Pass:
    """What the generator's update needs of a pass through the discriminator.

    Attributes:
        batch: that went through.
        fake: [B, C, H, W], with its graph; None if it was made without one.
        views: of the fake pictures, with their graph; None if they are to be made anew.
        real: the verdicts from before the discriminator's update. They only weigh the pictures in the generator's
            gradient, and a new forward pass for them would cost a twelfth of the step.
    """

    batch: Batch
    fake: Tensor | None
    views: Views | None
    real: Verdicts


@dataclass
class Trainer(Engine):
    """The step of a generator from noise; its discriminator maps (images, labels) to logits, see `gan_hub.models`.

    Attributes:
        batch_statistics: whether the discriminator normalises over the batch.
        augment: of what the discriminator sees; None = nothing.
        features: frozen, whose maps the discriminator sees; None = it sees the pictures alone.
    """

    options: TrainingOptions
    batch_statistics: bool = False
    augment: Augment | None = None
    features: ProjectedFeatures | None = None

    @property
    def average(self) -> GanGenerator:
        """The averaged generator."""
        module = self.generator_ema.module
        assert isinstance(module, GanGenerator)
        return module

    def state_dict(self) -> dict[str, Tensor]:
        """See `Engine.state_dict`; with the strength of the augmentation, and what standardises the features."""
        augment = {} if self.augment is None else tensors_of("augment", self.augment.state_dict())
        features = {} if self.features is None else tensors_of("features", self.features.statistics())
        return super().state_dict() | augment | features

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """See `Engine.load_state_dict`."""
        super().load_state_dict(tensors)
        if self.augment is not None:
            self.augment.load_state_dict(part_of("augment", tensors))
        if self.features is not None:
            copy_into(self.features.statistics(), part_of("features", tensors), "the features")

    def step(self, batches: Callable[[int], Batch], step: int) -> dict[str, Tensor]:
        """One step, from 0 on; returns what to log, as tensors, so that nothing waits for the device.

        The discriminator is updated `num_discriminator_steps` times on new pictures each time, then the generator once
        on the last of them (Goodfellow et al., 2014, arXiv:1406.2661, algorithm 1).
        """
        options = self.options
        self._set_learning_rate(step)
        gamma = self._gamma(step)
        accumulation = options.gradient_accumulation_steps
        updates = range(step * options.num_discriminator_steps, (step + 1) * options.num_discriminator_steps)
        for update in updates:
            penalty_weight = gamma * options.penalty_interval if update % options.penalty_interval == 0 else 0.0
            numbers = range(update * accumulation, (update + 1) * accumulation)
            # Of several batches, the graphs of all fakes would be held at once; then they are made again.
            keep_graph = update == updates[-1] and accumulation == 1
            passes, stats = self._update_discriminator([batches(n) for n in numbers], penalty_weight, keep_graph)
        stats |= self._update_generator(passes)
        if self.augment is not None:
            self._adapt(stats)
        stats["skipped_updates"] = self.generator_guard.num_skipped + self.discriminator_guard.num_skipped
        self.generator_ema.update_parameters(self.accelerator.unwrap_model(self.generator))
        return stats

    def _adapt(self, stats: dict[str, Tensor]) -> None:
        """Let the augmentation follow the discriminator, alike on all processes."""
        assert self.augment is not None
        sign = stats["real_sign"]
        if self.accelerator.num_processes > 1:
            sign = self.accelerator.reduce(sign, reduction="mean")
        self.augment.update(sign, self.options.images_per_step(self.accelerator.num_processes))
        stats["augment_strength"] = self.augment.strength.clone()

    def _update_discriminator(
        self, batches: list[Batch], penalty_weight: float, keep_graph: bool
    ) -> tuple[list[Pass], dict[str, Tensor]]:
        passes, losses = [], []
        for i, batch in enumerate(batches):
            with self._sync_gradients(self.discriminator, i == len(batches) - 1):
                fake = self._generate(batch, keep_graph)
                loss, made, stats = self._discriminator_loss(batch, fake, penalty_weight, keep_graph)
                (loss / len(batches)).backward()
            losses.append(loss.detach())
            passes.append(made)
        self.discriminator_guard.step(torch.stack(losses).sum())
        return passes, stats

    def _update_generator(self, passes: list[Pass]) -> dict[str, Tensor]:
        discriminator = self.accelerator.unwrap_model(self.discriminator)
        losses = []
        with self.discriminator_guard.frozen():
            for i, made in enumerate(passes):
                with self._sync_gradients(self.generator, i == len(passes) - 1):
                    fake = self._generate(made.batch, True) if made.fake is None else made.fake
                    loss, stats = self._generator_loss(discriminator, made, fake)
                    (loss / len(passes)).backward()
                losses.append(loss.detach())
        self.generator_guard.step(torch.stack(losses).sum())
        return stats

    def _generate(self, batch: Batch, with_graph: bool) -> Tensor:
        with torch.set_grad_enabled(with_graph), self._autocast():
            return self.generator(batch.z, batch.labels)

    def _discriminator_loss(
        self, batch: Batch, fake: Tensor, penalty_weight: float, keep_graph: bool
    ) -> tuple[Tensor, Pass, dict[str, Tensor]]:
        """The loss to descend, what the generator's update needs, and what to log."""
        random = self._random(batch)
        pictures, needed = fake.detach().float(), bool(penalty_weight)
        # The penalties are on the gradient at what the discriminator sees, as in StyleGAN2-ADA and R3GAN.
        with torch.no_grad():
            real_views = self._views(self._augmented(batch.real, random), random)
        with_graph = keep_graph and self.features is not None
        with torch.set_grad_enabled(with_graph):
            seen = fake.float() if with_graph else pictures
            fake_views = self._views(self._augmented(seen, random), random)
        views = [torch.cat([real, made.detach()]).requires_grad_(needed) for real, made in zip(real_views, fake_views)]
        verdicts = self._discriminate(views, batch.labels)
        real, made = ([logits.chunk(2)[half] for logits in verdicts] for half in (0, 1))
        loss = self._adversarial(0, real, made).mean()
        real_mean, fake_mean = _mean(real).detach(), _mean(made).detach()
        stats = {"discriminator_loss": self._mean_loss(loss, verdicts), "real_logits": real_mean.mean()}
        stats["fake_logits"] = fake_mean.mean()
        if self.options.loss in PROVED:
            name, prove = PROVED[self.options.loss]
            stats[name] = prove(real_mean, fake_mean)
        if self.augment is not None:
            opinion = real_mean - fake_mean if self.options.loss == "relativistic" else real_mean
            stats["real_sign"] = opinion.sign().mean()
        if self.options.num_categories:
            information_loss = self._information_loss(self.discriminator, batch, pictures, random)
            loss = loss + self.options.information_weight * information_loss
            stats["information_loss"] = information_loss.detach()
        if penalty_weight:
            penalties = self._penalties(batch, views, verdicts, random)
            # gamma / 2 is the papers' factor for R1 and R2; lambda, for GP, stands alone.
            factor = penalty_weight * (1.0 if self.options.penalty == "gp" else 0.5)
            loss = loss + factor * torch.stack([penalty.mean() for penalty in penalties.values()]).sum()
            stats |= {name: penalty.detach().mean() for name, penalty in penalties.items()}
        kept = Pass(batch, fake if keep_graph else None, fake_views if with_graph else None, [r.detach() for r in real])
        return loss, kept, stats

    def _penalties(self, batch: Batch, views: Views, verdicts: Verdicts, random: torch.Generator) -> dict[str, Tensor]:
        """The penalties, by name, [B] each, of views of [2 B, ...]: the real ones, then the fake ones."""
        if self.options.penalty == "gp":  # of one view, as the options say
            real, fake = views[0].detach().chunk(2)
            between = interpolates(real, fake, random)
            (logits,) = self._judged(self.discriminator, [between], batch.labels)
            return {"gp": gradient_penalty(between, logits.squeeze(1))}
        logits = torch.stack([logits.sum(1) for logits in verdicts]).sum(0)
        pixels, *maps = squared_gradient_norms(views, logits)  # of real and fake ones in one pass
        norms = PIXEL_PENALTY * self._pixel_weight * pixels + torch.stack(maps).sum(0) if maps else pixels
        halves = zip(("r1", "r2"), norms.chunk(2))
        return {name: norm for name, norm in halves if name in self.options.penalty.split("_")}

    def _generator_loss(self, discriminator: nn.Module, made: Pass, fake: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        random = self._random(made.batch, 1)
        views = made.views
        if views is None:
            views = self._views(self._augmented(fake, random), random)
        verdicts = self._judged(discriminator, views, made.batch.labels)
        loss = self._adversarial(1, made.real, verdicts).mean()
        stats = {"generator_loss": self._mean_loss(loss, verdicts)}
        if self.options.num_categories:
            information_loss = self._information_loss(discriminator, made.batch, fake, random)
            loss = loss + self.options.information_weight * information_loss
        return loss, stats

    def _adversarial(self, side: int, real: Verdicts, fake: Verdicts) -> Tensor:
        """The loss [B] of the discriminator (side 0) or the generator (1), summed over all logits of all judges."""
        losses = LOSSES[self.options.loss][side](torch.cat(real, 1), torch.cat(fake, 1))
        return losses.sum(1) + (self._pixel_weight - 1) * losses[:, : real[0].shape[1]].sum(1)

    @property
    def _pixel_weight(self) -> float:
        """Of the logits of the pixels' judge beside those of the maps."""
        return PIXEL_WEIGHT if self.options.discriminator == "both" else 1.0

    def _mean_loss(self, loss: Tensor, verdicts: Verdicts) -> Tensor:
        """The loss of one logit, from that of all."""
        of_pixels = verdicts[0].shape[1]
        return loss.detach() / (self._pixel_weight * of_pixels + sum(logits.shape[1] for logits in verdicts[1:]))

    def _information_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor, random: torch.Generator
    ) -> Tensor:
        """How badly the codes can be read off the pictures made from them.

        Read off a random view of each, which InfoGAN does not do: the slant or the place of a digit would be as good a
        meaning for a code as the digit, and is learned sooner.
        """
        with self._autocast():
            _, code_logits = discriminator(random_view(fake.float(), random), batch.labels)
        return mutual_information_loss(code_logits.float(), batch.z[:, : self.options.num_categories]).mean()

    def _views(self, images: Tensor, random: torch.Generator) -> Views:
        """What the discriminator looks at, of images [B, C, H, W]."""
        if self.features is None:
            return [images]
        return [images, *self.features(images.to(self.autocast_dtype or images.dtype), random)]

    def _discriminate(self, views: Views, labels: Tensor | None) -> Verdicts:
        """The verdicts on views [2 B, ...] of real and then fake images."""
        if self.batch_statistics:
            # Together, the statistics would mix, and a discriminator that sees its own batch's average could tell from
            # it alone (https://github.com/soumith/ganhacks, tip 4).
            halves = [
                self._judged(self.discriminator, [view.chunk(2)[half] for view in views], labels) for half in (0, 1)
            ]
            return [torch.cat(pair) for pair in zip(*halves)]
        return self._judged(self.discriminator, views, None if labels is None else torch.cat([labels, labels]))

    def _judged(self, discriminator: nn.Module, views: Views, labels: Tensor | None) -> Verdicts:
        with self._autocast():
            output = discriminator(views[0] if self.features is None else views, labels)
        if isinstance(output, list):
            return [logits.float() for logits in output]
        return [(output[0] if isinstance(output, tuple) else output).float()[:, None]]

    def _augmented(self, images: Tensor, random: torch.Generator) -> Tensor:
        return images if self.augment is None else self.augment(images.float(), random)

    def _random(self, batch: Batch, purpose: int = 0) -> torch.Generator:
        """A stream of random numbers that depends on the batch and the purpose alone."""
        return torch.Generator().manual_seed(batch.seed + purpose)


def _mean(verdicts: Verdicts) -> Tensor:
    """The mean logit [B]."""
    return torch.cat(verdicts, 1).mean(1)
