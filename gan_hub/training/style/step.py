"""A step of a stylizer's training: the discriminators, then the network by all that is asked of it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, one_hot

from gan_hub.losses import LOSSES, squared_gradient_norm
from gan_hub.models.multi_style import CELL
from gan_hub.models.patch import MultiScaleDiscriminator
from gan_hub.models.strokes import drawn
from gan_hub.stylizer import PhotoStylizer
from gan_hub.training.loop.engine import Engine
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.style.batches import StyleBatch
from gan_hub.training.style.losses import PatchNCE, colour_distance, multi_scale_distance, total_variation
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.perceptual import PerceptualLoss

REDUCED = (0.65, 0.8)  # of their side, to which half of the batches are reduced before pretrained features see them


@dataclass
class StyleTrainer(Engine):
    """The step of an image-to-image network; its discriminators give lists of logits [B, N], one a scale.

    Attributes:
        nce_guard: of PatchNCE's heads and their optimizer; None without that loss.
        perceptual: the losses on pretrained features; None without them.
    """

    options: StyleOptions
    nce_guard: SkippingOptimizer | None = None
    perceptual: PerceptualLoss | None = None

    def _guards(self) -> dict[str, SkippingOptimizer]:
        return super()._guards() | ({} if self.nce_guard is None else {"nce": self.nce_guard})

    def step(self, batches: Callable[[int], StyleBatch], step: int) -> dict[str, Tensor]:
        """See `Engine.step`."""
        options = self.options
        self._set_learning_rate(step)
        batch = batches(step)
        with self._autocast():
            fake = self._painted(batch)
        fake = fake.float()
        is_adversarial = options.adversarial_weight > 0 and step >= options.adversarial_start
        stats: dict[str, Tensor] = {}
        if is_adversarial:
            is_due = step % options.penalty_interval == 0
            weight = self._gamma(step) * options.penalty_interval if is_due else 0.0
            stats |= self._update_discriminator(batch.real, fake.detach(), weight)
        terms = self._terms(batch, fake, is_adversarial)
        total = torch.stack([weight * loss for weight, loss in terms.values()]).sum()
        with self.discriminator_guard.frozen():
            total.backward()
        self.generator_guard.step(total)
        if self.nce_guard is not None:
            self.nce_guard.step(total)
        stats |= {f"{name}_loss": loss.detach() for name, (_, loss) in terms.items()}
        stats["skipped_updates"] = torch.stack([guard.num_skipped for guard in self._guards().values()]).sum()
        self.generator_ema.update_parameters(self.accelerator.unwrap_model(self.generator))
        return stats

    def _update_discriminator(self, real: Tensor, fake: Tensor, penalty_weight: float) -> dict[str, Tensor]:
        images = torch.cat([real, fake]).requires_grad_(bool(penalty_weight))
        with self._autocast():
            logits = [scale.float() for scale in self.discriminator(images)]
        pairs = [scale.chunk(2) for scale in logits]
        loss_of = LOSSES[self.options.loss][0]
        adversarial = torch.stack([loss_of(*pair).mean() for pair in pairs]).mean()
        stats = {
            "discriminator_loss": adversarial.detach(),
            "real_logits": torch.stack([pair[0].detach().mean() for pair in pairs]).mean(),
            "fake_logits": torch.stack([pair[1].detach().mean() for pair in pairs]).mean(),
        }
        loss = adversarial
        if penalty_weight:
            judged = self._discriminator.penalised(logits)
            penalty = squared_gradient_norm(images, judged).mean()  # R1 and R2, each over half of the batch
            loss = loss + penalty_weight * penalty
            stats["penalty"] = penalty.detach()
        loss.backward()
        self.discriminator_guard.step(loss)
        return stats

    def _terms(self, batch: StyleBatch, fake: Tensor, is_adversarial: bool) -> dict[str, tuple[float, Tensor]]:
        """What the network is to bring down, each with its weight; a weight of 0 costs nothing."""
        options = self.options
        random = torch.Generator().manual_seed(batch.seed)
        terms: dict[str, tuple[float, Tensor]] = {}
        if batch.target is not None and options.target_weight:
            terms["target"] = options.target_weight, multi_scale_distance(fake, batch.target).mean()
        if is_adversarial:
            terms["generator"] = options.adversarial_weight, self._adversarial(batch.real, fake)
        if self.perceptual is not None:
            terms |= self._perceptual_terms(self.perceptual, batch, fake, random)
        if self.nce_guard is not None:
            terms["nce"] = options.nce_weight, self._patch_nce(batch, fake, random)
        if options.identity_weight:
            with self._autocast():
                same = self.generator(batch.real, batch.noise)
            terms["identity"] = options.identity_weight, (same.float() - batch.real).abs().mean()
        if options.colour_weight:
            terms["colour"] = options.colour_weight, colour_distance(batch.real, fake, random)
        if options.tv_weight:
            terms["tv"] = options.tv_weight, total_variation(fake).mean()
        if options.content_weight:
            terms["content"] = options.content_weight, (fake - batch.photo).abs().mean()
        return terms

    def _painted(self, batch: StyleBatch) -> Tensor:
        stylizer = self.accelerator.unwrap_model(self.generator)
        assert isinstance(stylizer, PhotoStylizer)
        if batch.styles is None or not stylizer.styles:
            return self.generator(batch.photo, batch.noise)
        weights = one_hot(batch.styles, len(stylizer.styles)).float()
        return self.generator(batch.photo, batch.noise, weights)

    def _perceptual_terms(
        self, perceptual: PerceptualLoss, batch: StyleBatch, fake: Tensor, random: torch.Generator
    ) -> dict[str, tuple[float, Tensor]]:
        assert batch.styles is not None
        assert batch.recolouring is not None
        down, right, is_reduced = torch.randint(8, (3,), generator=random).tolist()
        side = None
        if is_reduced % 2:
            low, high = REDUCED
            side = round(float(low + (high - low) * torch.rand((), generator=random)) * (batch.photo.shape[2] - 8))
        with torch.no_grad():
            colours = avg_pool2d(batch.photo, CELL)
            angle = drawn(colours, batch.noise.float() if batch.noise.shape[1] else colours[:, :1])[:, :2]
        losses = perceptual(batch.photo, fake, batch.styles, batch.recolouring, angle, (down, right), side)
        weighted = {name: (getattr(self.options, f"{name}_weight"), loss) for name, loss in losses.items()}
        weighted["style"] = 1.0, losses["style"]  # its weights are in it already
        return {name: pair for name, pair in weighted.items() if pair[0]}

    def _adversarial(self, real: Tensor, fake: Tensor) -> Tensor:
        loss_of = LOSSES[self.options.loss][1]
        with self._autocast():
            fake_logits = [scale.float() for scale in self._discriminator(fake)]
            # Only a relative loss looks at the real logits.
            is_relative = self.options.loss == "relativistic"
            with torch.no_grad():
                real_logits = [scale.float() for scale in self._discriminator(real)] if is_relative else fake_logits
        return torch.stack([loss_of(*pair).mean() for pair in zip(real_logits, fake_logits)]).mean()

    def _patch_nce(self, batch: StyleBatch, fake: Tensor, random: torch.Generator) -> Tensor:
        assert self.nce_guard is not None
        stylizer = self.accelerator.unwrap_model(self.generator)
        assert isinstance(stylizer, PhotoStylizer)
        with self._autocast():
            with torch.no_grad():
                of_photo = stylizer.features(batch.photo, batch.noise)
            of_fake = stylizer.features(fake, batch.noise)
        nce: PatchNCE = self.nce_guard.network  # type: ignore[assignment]
        return nce(of_photo, of_fake, random).mean()

    @property
    def _discriminator(self) -> MultiScaleDiscriminator:
        network = self.accelerator.unwrap_model(self.discriminator)
        assert isinstance(network, MultiScaleDiscriminator)
        return network
