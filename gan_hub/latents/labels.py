"""Labels: the class that each picture is to show, or the weights of several classes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading.config import shorten

Labels = int | Sequence[int] | Tensor | None


def label_tensor(labels: Labels, z: Tensor, num_classes: int) -> Tensor | None:
    """Check labels and convert them to the form that the networks take.

    Args:
        labels: one class for all pictures, one for each, weights [N, num_classes] that mix the classes, or None for the
            class that each latent stands for.
        z: [N, latent_dim].
        num_classes: 0 = unconditional.

    Returns:
        [N], int64, or weights [N, num_classes], float32, on the CPU; None when unconditional.

    Raises:
        ValueError: a label is not a class, or a row of weights is negative or does not sum to one.
    """
    if not num_classes:
        if labels is not None:
            raise ValueError(f"labels are {shorten(labels)}, but this generator has no classes; leave them out")
        return None
    if labels is None:
        return labels_of_latents(z, num_classes)
    invalid = ValueError(
        f"labels are {shorten(labels)}; use one whole number from 0 to {num_classes - 1}, or {len(z)} of them, or "
        f"weights [{len(z)}, {num_classes}] of the classes, the sum of each row 1"
    )
    try:
        tensor = torch.as_tensor(labels).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:  # what torch raises for text, ragged lists, huge numbers
        raise invalid from error
    if tensor.is_floating_point():
        if tensor.shape != (len(z), num_classes) or not _are_weights(tensor):
            raise invalid
        return tensor.float()
    if tensor.ndim == 0:
        tensor = tensor.expand(len(z))
    whole = not (tensor.is_complex() or tensor.dtype == torch.bool)
    if tensor.shape != (len(z),) or not whole or not ((tensor >= 0) & (tensor < num_classes)).all():
        raise invalid
    return tensor.long()


def class_weights(labels: Tensor, num_classes: int) -> Tensor:
    """Convert the labels of `label_tensor` to weights [N, num_classes], which give the same pictures bit for bit."""
    return labels if labels.is_floating_point() else one_hot(labels, num_classes).float()


def _are_weights(tensor: Tensor) -> bool:
    return bool((tensor >= 0).all() and ((tensor.sum(1) - 1).abs() < 1e-3).all())  # NaN fails both


def class_index(class_names: Sequence[str], label: str | None) -> int | None:
    """The number of a class by its name; None, which stands for all classes mixed, stays None.

    Raises:
        ValueError: the generator has no such class.
    """
    if label is None:
        return None
    if not class_names:
        raise ValueError(f"this model has no classes, so there is no class {shorten(repr(label), 40)}; leave it out")
    if label not in class_names:
        known = shorten(", ".join(class_names), 300)
        raise ValueError(f"unknown class {shorten(repr(label), 40)}; choose from: {known}; or leave it out")
    return class_names.index(label)
