"""Training an encoder: it learns, writes what loads, and refuses what it can't use."""

from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.training.encoder import EncoderOptions, Pairs, main, measure
from tests.conftest import make_generator
from tests.support.hub_server import Fault, LoopbackHub

COMMON = ["--num_threads", "1", "--mixed_precision", "no", "--train_batch_size", "32"]


def run(folder: Path, out: Path, *more: str) -> int:
    return main(["--model", str(folder), "--output_dir", str(out), "--widths", "16", "8", *COMMON, *more])


def telling(**changes: object) -> GanGenerator:
    """A generator whose pictures tell its latents and classes, the same each time."""
    torch.manual_seed(0)
    generator = make_generator("mlp", widths=[32], latent_dim=4, **changes)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(3)
    return generator


@pytest.mark.parametrize("changes", [{}, {"num_classes": 0, "num_categories": 2}], ids=["classes", "code"])
def test_it_learns_and_what_it_writes_loads(changes: dict, tmp_path: Path) -> None:
    generator = telling(**changes)
    generator.save_pretrained(tmp_path / "gan")
    (tmp_path / "gan" / "README.md").write_text("# Mine\n\n## Limits\n\nmany\n")
    assert run(tmp_path / "gan", tmp_path / "out", "--max_train_steps", "300", "--learning_rate", "3e-3") == 0
    loaded = GanGenerator.from_pretrained(tmp_path / "out")
    assert torch.equal(loaded.sample(2, seed=0), generator.sample(2, seed=0))
    assert loaded.encoder is not None
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("# Mine")
    assert "## Encoder" in card

    z, told, pictures = Pairs(loaded, seed=5, process=0).draw(256)
    found, logits = loaded.encoder.encode(pictures, told)
    code = generator.config.num_categories
    assert (found - z)[:, code:].square().mean() < 0.6 * z[:, code:].square().mean(), "better than the mean, which is 0"
    assert told is not None
    assert (logits.argmax(1) == told).double().mean() > 0.8
    error, agreement = measure(loaded, loaded.encoder)
    mean_error = float((pictures - pictures.mean(0)).abs().mean() / 2)
    assert error < 0.5 * mean_error
    assert agreement is not None
    assert f"{error:.2%} of the range" in card


def test_pairs_are_a_function_of_seed_and_process(tiny_generator: GanGenerator) -> None:
    def first(seed: int, process: int) -> torch.Tensor:
        return Pairs(tiny_generator, seed=seed, process=process).draw(4)[0]

    assert torch.equal(first(1, 0), first(1, 0))
    assert not torch.equal(first(1, 0), first(1, 1))
    assert not torch.equal(first(1, 0), first(2, 0))
    z, told, pictures = Pairs(tiny_generator, seed=1, process=0).draw(4)
    assert torch.allclose(tiny_generator.generate(z, told), pictures, atol=1e-5)


def test_a_clip_is_its_first_frame() -> None:
    generator = make_generator("recurrent")
    z, told, pictures = Pairs(generator, seed=0, process=0).draw(3)
    assert torch.allclose(generator.generate(z, told), pictures, atol=1e-5)


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path: Path, capsys) -> None:
    generator = telling()
    generator.save_pretrained(tmp_path / "gan")
    more = ["--picture_weight", "inf", "--max_skipped_updates", "2", "--logging_steps", "2", "--max_train_steps", "8"]
    assert run(tmp_path / "gan", tmp_path / "out", *more) == 1
    assert "lower --learning_rate" in capsys.readouterr().err
    assert not (tmp_path / "out" / "encoder.json").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--model", "nothing-here"], "there is no model"),
        (["--max_train_steps", "0"], "--max_train_steps is 0"),
        (["--learning_rate", "0"], "--learning_rate"),
        (["--push_to_hub"], "--hub_model_id"),
        (["--hub_model_id", "org/encoded"], "the --hub options do"),
    ],
)
def test_refusals_are_sentences(more: list[str], words: str, tmp_path: Path, capsys) -> None:
    try:
        code = main(["--output_dir", str(tmp_path / "out"), *COMMON, *more])
    except SystemExit as stopped:  # what the parser of the command line does
        code = stopped.code
    assert code == 2
    assert words in capsys.readouterr().err


PUSHED = ["--max_train_steps", "2", "--push_to_hub", "--hub_model_id", "org/encoded"]


def test_pushed_whole_to_a_repository_of_its_own(hub: LoopbackHub, tmp_path: Path) -> None:
    telling().save_pretrained(tmp_path / "gan")
    assert run(tmp_path / "gan", tmp_path / "out", *PUSHED) == 0
    files = hub.repos["org/encoded"].head
    assert {"encoder.json", "encoder.safetensors", "model.safetensors"} <= set(files)
    assert b"## Encoder" in files["README.md"]
    assert b'from_pretrained("org/encoded")' in files["README.md"]


def test_pushed_beside_what_the_generators_repository_holds(hub: LoopbackHub, tmp_path: Path) -> None:
    telling().save_pretrained(tmp_path / "gan")
    mine = {name: (tmp_path / "gan" / name).read_bytes() for name in ("config.json", "model.safetensors")}
    card = b"# Mine\n\n![samples](samples/0000100.png)\n\n## Limits\n\nmany\n"
    there = {**mine, "README.md": card, "samples/0000100.png": b"\x89PNG", "curves.png": b"\x89PNG"}
    hub.add("org/encoded", there)
    assert main(["--model", "org/encoded", "--output_dir", str(tmp_path / "out"), *COMMON, *PUSHED]) == 0
    files = hub.repos["org/encoded"].head
    assert set(files) == {*there, "encoder.json", "encoder.safetensors"}
    assert files["README.md"].startswith(b"# Mine\n\n![samples]")
    assert b"## Encoder" in files["README.md"]
    assert {name: files[name] for name in mine} == mine


def test_a_push_that_fails_loses_nothing(hub: LoopbackHub, tmp_path: Path, capsys) -> None:
    telling().save_pretrained(tmp_path / "gan")
    hub.faults.append(Fault("POST .*/commit/", status=402))
    assert run(tmp_path / "gan", tmp_path / "out", *PUSHED) == 3
    assert f"to push it: gan-hub push {tmp_path / 'out'} org/encoded" in capsys.readouterr().err
    assert GanGenerator.from_pretrained(tmp_path / "out").encoder is not None


def test_what_could_not_be_pushed_is_not_trained(hub: LoopbackHub, tmp_path: Path, capsys) -> None:
    telling().save_pretrained(tmp_path / "gan")
    hub.faults.append(Fault("whoami", status=401))
    assert run(tmp_path / "gan", tmp_path / "out", *PUSHED) == 2
    assert "--push_to_hub: the Hub does not accept the token" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_have_defaults() -> None:
    assert EncoderOptions().model == "mnist-gan"
