"""Directions: orthonormal, better than random ones, in strictly checked files, and independent when moved along."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from gan_hub import GanGenerator, ModelError
from gan_hub.cli.main import main
from gan_hub.editing.directions import DIRECTIONS_FILE, METHODS, Directions, DirectionsError, find_directions, move
from gan_hub.latents.labels import label_tensor
from gan_hub.models import ARCHITECTURES
from gan_hub.sampling.variations import strip, sweep, sweep_grid
from tests.conftest import make_generator


def change(generator: GanGenerator, vector: torch.Tensor) -> float:
    """Mean difference that two deviations along a direction make."""
    z = generator.latents(range(32))
    labels = label_tensor(None, z, generator.num_classes)
    return float((generator.generate(z + 2 * vector, labels) - generator.generate(z, labels)).abs().mean())


def random_change(generator: GanGenerator, count: int = 8) -> float:
    random = torch.randn(count, generator.latent_dim, generator=torch.Generator().manual_seed(0))
    random[:, : generator.config.num_categories] = 0
    return sum(change(generator, vector) for vector in torch.nn.functional.normalize(random, dim=1)) / count


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_has_directions(architecture: str, num_classes: int) -> None:
    torch.manual_seed(0)
    generator = make_generator(architecture, num_classes=num_classes)
    for method in METHODS:
        found = find_directions(generator, method, 4)
        assert found.vectors.shape == (4, generator.latent_dim)
        again = find_directions(generator, method, 4)
        assert torch.equal(found.vectors, again.vectors)
    sefa = find_directions(generator, "sefa", 64)
    assert len(sefa) == generator.latent_dim
    assert (sefa.vectors @ sefa.vectors.T - torch.eye(len(sefa))).abs().max() < 1e-5
    gains = (generator.network.latent_weight @ sefa.vectors.T).norm(dim=0)
    assert (gains[1:] <= gains[:-1] * 1.0001).all(), "what changes the first layer most comes first"
    # What an untrained network makes of its first layer is chance; there, no direction changes more than the first.
    random = torch.nn.functional.normalize(torch.randn(100, generator.latent_dim), dim=1)
    assert (generator.network.latent_weight @ random.T).norm(dim=0).max() <= gains[0] * 1.0001


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["mnist-gan", "mnist-infogan"])
def test_the_first_direction_of_a_trained_generator_changes_far_more_than_a_random_one(name: str, method: str) -> None:
    generator = GanGenerator.from_pretrained(name)
    found = find_directions(generator, method, 3)
    assert change(generator, found.vectors[0]) > 2 * random_change(generator)
    assert not found.vectors[:, : generator.config.num_categories].any(), "a code is not moved"


def test_moving_along_one_keeps_the_rest() -> None:
    generator = make_generator(num_classes=0, num_categories=2)
    found = find_directions(generator, "sefa", 4)
    z = generator.latents([1, 2])
    moved = move(z, found, [0, 1.5, 0, 0])
    steps = (moved - z) @ found.vectors.T
    assert torch.allclose(steps, torch.tensor([0, 1.5, 0, 0]).expand(2, -1), atol=1e-5)
    assert torch.equal(moved[:, :2], z[:, :2])
    assert torch.equal(move(z, found, [0, 0, 0, 0]), z)
    rows = move(z, found, [[0, 1.5, 0, 0], [0, 0, -2, 0]])
    assert torch.allclose(rows[0], moved[0])
    assert torch.allclose(move(rows, found, [[0, -1.5, 0, 0], [0, 0, 2, 0]]), z, atol=1e-5)


@pytest.mark.parametrize(
    ("z", "amounts", "words"),
    [
        (torch.zeros(6), [0.0] * 3, "shape"),
        (torch.zeros(1, 5), [0.0] * 3, "take"),
        (torch.zeros(2, 6), [0.0] * 2, "one for each of 3"),
        (torch.zeros(2, 6), [[0.0] * 3], "one for each of 3"),
        (torch.zeros(2, 6), [0.0, float("nan"), 0.0], "NaN"),
    ],
)
def test_impossible_moves(z: torch.Tensor, amounts: list, words: str, tiny_generator: GanGenerator) -> None:
    with pytest.raises(DirectionsError, match=words):
        move(z, find_directions(tiny_generator, count=3), amounts)


def test_impossible_searches(tiny_generator: GanGenerator) -> None:
    with pytest.raises(DirectionsError, match="choose from: sefa, ganspace"):
        find_directions(tiny_generator, "pca")  # type: ignore[arg-type]
    for count in (0, 65, True):
        with pytest.raises(DirectionsError, match="1 to 64"):
            find_directions(tiny_generator, count=count)


def test_directions_travel_with_their_generator(tiny_generator: GanGenerator, tmp_path: Path) -> None:
    assert tiny_generator.directions is None
    found = find_directions(tiny_generator, "ganspace", 3).renamed(1, "été")
    tiny_generator.directions = found
    tiny_generator.save_pretrained(tmp_path / "a")
    loaded = GanGenerator.from_pretrained(tmp_path / "a").directions
    assert loaded is not None
    assert loaded.names == ("1", "été", "3")
    assert loaded.method == "ganspace"
    assert torch.equal(loaded.vectors, found.vectors)
    assert torch.equal(loaded.scales, found.scales)
    copied = GanGenerator.from_pretrained(tmp_path / "a")
    copied.save_pretrained(tmp_path / "b")
    assert (tmp_path / "b" / DIRECTIONS_FILE).read_bytes() == (tmp_path / "a" / DIRECTIONS_FILE).read_bytes()
    copied.directions = None
    copied.save_pretrained(tmp_path / "b")
    assert not (tmp_path / "b" / DIRECTIONS_FILE).exists()
    with pytest.raises(DirectionsError, match="length 6"):
        make_generator(latent_dim=8).directions = found


def test_directions_come_from_the_commit_of_the_generator(hub, tiny_generator: GanGenerator, tmp_path: Path) -> None:
    cache = {"cache_dir": tmp_path}
    tiny_generator.directions = find_directions(tiny_generator, count=2)
    tiny_generator.push_to_hub("org/moving")
    loaded = GanGenerator.from_pretrained("org/moving", **cache)
    assert not hub.asked_for(DIRECTIONS_FILE, "GET"), "not before they are asked for"
    repo = hub.repos["org/moving"]
    repo.commit({DIRECTIONS_FILE: b"another's"})
    assert loaded.directions is not None
    assert loaded.directions.names == ("1", "2")
    requests = len(hub.requests)
    again = GanGenerator.from_pretrained("org/moving", revision=loaded.revision, **cache)
    assert again.directions is not None
    assert len(hub.requests) == requests, "both are in the cache"


def test_a_generator_without_directions_has_none(hub, generator_folder: Path, tmp_path: Path) -> None:
    assert GanGenerator.from_pretrained(generator_folder).directions is None
    hub.add("org/plain", {path.name: path.read_bytes() for path in generator_folder.iterdir()})
    loaded = GanGenerator.from_pretrained("org/plain", cache_dir=tmp_path)
    assert loaded.directions is None
    assert loaded.encoder is None
    local = GanGenerator.from_pretrained("org/plain", cache_dir=tmp_path, local_files_only=True)
    assert local.directions is None


UNIT = torch.eye(6)[:2]


@pytest.mark.parametrize(
    ("tensors", "names", "method", "words"),
    [
        ({"vectors": torch.eye(5)[:2], "scales": torch.ones(2)}, ["a", "b"], "sefa", r"\[K, 6\]"),
        ({"vectors": UNIT}, ["a", "b"], "sefa", "scales"),
        ({"vectors": UNIT.double(), "scales": torch.ones(2)}, ["a", "b"], "sefa", "F64"),
        ({"vectors": UNIT, "scales": torch.ones(2), "more": torch.ones(1)}, ["a", "b"], "sefa", "more"),
        ({"vectors": UNIT * 2, "scales": torch.ones(2)}, ["a", "b"], "sefa", "length 1"),
        ({"vectors": UNIT * float("nan"), "scales": torch.ones(2)}, ["a", "b"], "sefa", "NaN"),
        ({"vectors": UNIT, "scales": torch.zeros(2)}, ["a", "b"], "sefa", "scale"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a", "a"], "sefa", "same name"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a"], "sefa", "do not fit"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a", "\n"], "sefa", "printable"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a", "b" * 65], "sefa", "64 printable"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a", 7], "sefa", "printable"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, ["a", "b"], "pca", "unknown method"),
        ({"vectors": UNIT, "scales": torch.ones(2)}, None, None, "damaged"),
        (
            {"vectors": torch.eye(6)[:1].repeat(65, 1), "scales": torch.ones(65)},
            [str(i) for i in range(65)],
            "sefa",
            "from 1 to 64",
        ),
    ],
)
def test_a_bad_file_is_a_sentence(tensors, names, method, words: str, generator_folder: Path) -> None:
    metadata = {} if names is None else {"directions": json.dumps({"names": names, "method": method})}
    save_file(tensors, generator_folder / DIRECTIONS_FILE, metadata=metadata)
    generator = GanGenerator.from_pretrained(generator_folder)
    with pytest.raises(ModelError, match=words) as caught:
        _ = generator.directions
    assert DIRECTIONS_FILE in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 100, b"\0" * 3_000_000], ids=["empty", "json", "junk", "large"])
def test_a_file_that_is_none_is_a_sentence(data: bytes, generator_folder: Path) -> None:
    (generator_folder / DIRECTIONS_FILE).write_bytes(data)
    with pytest.raises(ModelError, match=DIRECTIONS_FILE):
        _ = GanGenerator.from_pretrained(generator_folder).directions


def test_directions_of_a_code_are_refused(tmp_path: Path) -> None:
    generator = make_generator(num_classes=0, num_categories=2)
    generator.save_pretrained(tmp_path)
    Directions(("a",), torch.eye(6)[:1], torch.ones(1), "sefa").save(tmp_path)
    with pytest.raises(ModelError, match="code"):
        _ = GanGenerator.from_pretrained(tmp_path).directions


def test_sweep_has_a_row_a_category_and_a_column_a_latent() -> None:
    generator = make_generator(num_classes=0, num_categories=2)
    z = generator.latents([5, 6, 7])
    swept = sweep(generator, z)
    assert torch.equal(swept[:, :2], torch.tensor([[1.0, 0]] * 3 + [[0, 1.0]] * 3))
    assert torch.equal(swept[:3, 2:], z[:, 2:])
    assert torch.equal(swept[3:, 2:], z[:, 2:])
    assert sweep_grid(generator, z).size == (3 * 14 + 2, 2 * 10 + 2)
    with pytest.raises(ValueError, match="no categorical code"):
        sweep(make_generator(), z)


def test_a_strip_is_still_in_its_middle(tiny_generator: GanGenerator) -> None:
    found = find_directions(tiny_generator, count=2)
    z = tiny_generator.latents([3, 4])
    same = strip(tiny_generator, z, found, 1, amounts=[0.0])
    picture = strip(tiny_generator, z, found, 1, amounts=[-2.0, 0.0, 2.0])
    assert picture.size == (3 * 14 + 2, 2 * 10 + 2)
    middle, ends = picture.crop((16, 0, 28, 22)), [picture.crop((at, 0, at + 12, 22)) for at in (2, 30)]
    assert middle.tobytes() == same.crop((2, 0, 14, 22)).tobytes()
    assert all(end.tobytes() != middle.tobytes() for end in ends)


def test_the_command_writes_directions_beside_a_model_and_a_strip_for_each(generator_folder: Path, capsys) -> None:
    main(["directions", str(generator_folder), "--count", "3", "--out", str(generator_folder)])
    assert "3 directions" in capsys.readouterr().out
    assert sorted(path.name for path in generator_folder.glob("*.png")) == [f"direction-0{i}.png" for i in (1, 2, 3)]
    with Image.open(generator_folder / "direction-01.png") as picture:
        assert picture.width > picture.height
    loaded = GanGenerator.from_pretrained(generator_folder).directions
    assert loaded is not None
    assert len(loaded) == 3
