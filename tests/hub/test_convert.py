"""DCGANs of other projects: the same pictures, or why not; and pickles that only a process of its own opens."""

import pickle
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gan_hub import GanGenerator, ModelError
from gan_hub.cli.main import main
from gan_hub.hub import convert as converting
from gan_hub.hub.convert import convert


def theirs(nz: int = 10, ngf: int = 4, nc: int = 3, *, bias: bool = False, last: nn.Module | None = None) -> nn.Module:
    """The generator of PyTorch's DCGAN tutorial, as csinva's and HugGAN's scripts have it."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(nz, ngf * 4, 4, 1, 0, bias=bias), nn.BatchNorm2d(ngf * 4), nn.ReLU()]
    for a, b in ((4, 2), (2, 1)):
        layers += [nn.ConvTranspose2d(ngf * a, ngf * b, 4, 2, 1, bias=bias), nn.BatchNorm2d(ngf * b), nn.ReLU()]
    network = nn.Module()
    network.main = nn.Sequential(*layers, last or nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=bias), nn.Tanh())
    torch.manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5 if "running_var" in name else torch.randn_like(tensor) * 0.3)
    return network.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("form", ["plain", "module", "netG", "nested", "model", "old"])
def test_the_same_pictures(tmp_path: Path, form: str, bias: bool) -> None:
    network = theirs(bias=bias)
    state = network.state_dict()
    renamed = {
        "plain": state,
        "module": {f"module.{k}": v for k, v in state.items()},
        "netG": {f"netG.{k}": v for k, v in state.items()},
        "nested": {"epoch": 3, "state_dict": state},
        "model": {k.replace("main", "model"): v for k, v in state.items()},
        "old": {k: v for k, v in state.items() if "num_batches" not in k},
    }[form]
    if form == "nested":
        torch.save(renamed, tmp_path / "netG.pth")
    else:  # without a pickle, and so without a process of its own
        save_file(renamed, tmp_path / "netG.safetensors")
    convert(next(tmp_path.glob("netG.*")), tmp_path / "out")
    generator = GanGenerator.from_pretrained(tmp_path / "out")
    z = generator.latents([1, 2, 3])
    expected = network.main(z[:, :, None, None]).detach()
    assert (generator.generate(z) - expected).abs().max() < 1e-5
    assert expected.std() > 0.01


REFUSALS = {
    "csinva's mnist": (theirs(last=nn.ConvTranspose2d(4, 1, 1, 1, 2)).state_dict(), "its convolutions are .*4x1x1x1"),
    "no norm": ({k: v for k, v in theirs().state_dict().items() if "main.4" not in k}, "it has 2"),
    "a classifier": ({"fc.weight": torch.zeros(3, 3)}, "is no DCGAN: .* it holds fc.weight"),
    "a list": ([1, 2], "it holds no dictionary of tensors but a list"),
    "not finite": ({k: v * float("nan") for k, v in theirs().state_dict().items()}, "NaN or infinite"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_does_not_fit_is_said(tmp_path: Path, what: str) -> None:
    content, words = REFUSALS[what]
    if isinstance(content, list):
        torch.save(content, tmp_path / "x.pth")
    else:
        save_file(content, tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match=words):
        convert(next(tmp_path.glob("x.*")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


class Exploit:
    """Writes a file if it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"main.0.weight": Exploit(str(tmp_path / "ran"))}))
    torch.save({"main.0.weight": Exploit(str(tmp_path / "ran"))}, tmp_path / "evil2.pth")
    for name in ("evil.pth", "evil2.pth"):
        with pytest.raises(ModelError, match="can't be read as a dictionary of tensors"):
            convert(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


def test_a_file_that_takes_forever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converting, "OPENER", "import time; time.sleep(60)")
    monkeypatch.setattr(converting, "TIMEOUT_SECONDS", 0.5)
    (tmp_path / "slow.pth").write_bytes(b"x")
    start = time.monotonic()
    with pytest.raises(ModelError, match="was not read within"):
        convert(tmp_path / "slow.pth", tmp_path / "out")
    assert time.monotonic() - start < 10


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(theirs().state_dict(), tmp_path / "netG.pth")
    main(["convert", str(tmp_path / "netG.pth"), str(tmp_path / "out")])
    assert "dcgan, 32x32 pixels, 3 channels" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["convert", str(tmp_path / "netG.pth"), str(tmp_path / "out")])
    assert "is not empty; name a new folder" in capsys.readouterr().err
