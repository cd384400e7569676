"""Devices by name: auto chooses the best of the machine, and a missing one is an error that names the allowed ones."""

from types import SimpleNamespace

import pytest
import torch

from gan_hub.loading.device import device_name, usable_device


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_is_the_best_device_of_the_machine(monkeypatch, cuda, mps, best):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    # No machine has all three, so the device is not really allocated on.
    monkeypatch.setattr(torch, "empty", lambda _, device: SimpleNamespace(device=torch.device(device)))
    assert usable_device("auto") == torch.device(best)


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "", "auto "])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ValueError, match="can't be used on this machine; use auto, cpu, cuda or mps"):
        usable_device(name)


@pytest.mark.parametrize(("device", "name"), [("cpu", "CPU"), ("mps", "Apple GPU"), ("cuda:0", "NVIDIA T4")])
def test_devices_have_names_for_people(monkeypatch, device, name):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA T4")
    assert device_name(torch.device(device)) == name
