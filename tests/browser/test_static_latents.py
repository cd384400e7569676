"""The static page's arithmetic against the library's, in a real Chromium: one seed, one picture, on either."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from gan_hub.latents.labels import class_weights
from gan_hub.latents.paths import points
from gan_hub.latents.seeds import MAX_SEED, labels_of_latents, latents_from_seeds, structured, truncate
from gan_hub.painting.noise import position_noise
from tests.browser.static_site import STATIC, serve

pytestmark = pytest.mark.browser

SEEDS = [0, 1, 7, 123_456, 2**31, MAX_SEED]
PLACES = [0.0, 0.25, 1.0, 1.5, 2.999, 3.5]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """A page beside the modules; nothing of the runtime is needed."""
    with serve(STATIC) as url:
        page = browser.new_page()
        page.goto(f"{url}/icon.svg")
        yield page
        page.close()


def js(tab: Page, module: str, expression: str, argument: Any = None) -> Any:
    program = f"async (x) => {{ const m = await import('/js/{module}.js'); return {expression}; }}"
    return tab.evaluate(program, argument)


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float32))


@pytest.mark.parametrize("length", [1, 2, 65, 1024])
def test_normals_are_those_of_the_seed_to_the_bit(tab: Page, length: int) -> None:
    drawn = js(tab, "random", f"x.map((seed) => [...m.normals(seed, {length})])", SEEDS)
    assert torch.equal(tensor(drawn), latents_from_seeds(SEEDS, length))


@pytest.mark.parametrize(("categories", "active"), [(0, 0), (5, 0), (0, 3), (4, 6)])
def test_codes_and_sparse_latents(tab: Page, categories: int, active: int) -> None:
    config = {"latent_dim": 20, "num_categories": categories, "num_active": active}
    seeds = list(range(40))
    made = js(
        tab, "latents", "x.seeds.map((seed) => [...m.latent(seed, x.config)])", {"seeds": seeds, "config": config}
    )
    expected = structured(latents_from_seeds(seeds, 20), num_categories=categories, num_active=active)
    assert torch.equal(tensor(made), expected)
    scaled = js(
        tab, "latents", "x.seeds.map((seed) => [...m.truncate(m.latent(seed, x.config), 0.7, x.config)])",
        {"seeds": seeds, "config": config},
    )  # fmt: skip
    assert torch.equal(tensor(scaled), truncate(expected, 0.7, num_categories=categories))


@pytest.mark.parametrize("num_classes", [1, 3, 10, 1000])
def test_each_seed_has_the_class_that_it_has_in_python(tab: Page, num_classes: int) -> None:
    seeds = list(range(3000))
    expression = f"x.map((seed) => m.classOf(m.latent(seed, {{latent_dim: 64}}), {num_classes}))"
    expected = labels_of_latents(latents_from_seeds(seeds, 64), num_classes)
    assert js(tab, "latents", expression, seeds) == expected.tolist()


def test_the_normal_distribution_function(tab: Page) -> None:
    x = np.linspace(-9, 9, 1001)
    made = js(tab, "latents", "x.map(m.normalDistribution)", x.tolist())
    np.testing.assert_allclose(made, torch.special.ndtr(torch.from_numpy(x)).numpy(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("categories", [0, 5])
def test_walks_pass_the_same_latents(tab: Page, categories: int, closed: bool) -> None:
    config = {"latent_dim": 24, "num_categories": categories}
    places = PLACES if closed else [place for place in PLACES if place <= 3]
    made = js(
        tab, "latents",
        "x.places.map((at) => [...m.onWalk(x.seeds.map((s) => m.latent(s, x.config)), at, x.config, x.closed)])",
        {"seeds": [3, 4, 9, 4], "config": config, "places": places, "closed": closed},
    )  # fmt: skip
    keys = structured(latents_from_seeds([3, 4, 9, 4], 24), num_categories=categories)
    steps = torch.tensor(places, dtype=torch.float64)
    expected = points(keys, steps, kind="slerp", closed=closed, num_categories=categories)
    torch.testing.assert_close(tensor(made), expected, rtol=0, atol=1e-6)


def test_arcs_between_opposite_and_vanishing_latents(tab: Page) -> None:
    z = latents_from_seeds([5], 6)[0]
    for start, end in ((z, -z), (z, torch.zeros(6)), (torch.zeros(6), z), (z, z), (torch.zeros(6), torch.zeros(6))):
        x = [start.tolist(), end.tolist()]
        made = js(tab, "latents", "[...m.slerp(new Float32Array(x[0]), new Float32Array(x[1]), 0.3)]", x)
        place = torch.tensor([0.3], dtype=torch.float64)
        expected = points(torch.stack([start, end]), place, kind="slerp")[0]
        torch.testing.assert_close(tensor(made), expected, rtol=0, atol=1e-6)


def test_classes_are_mixed_on_the_way(tab: Page) -> None:
    expression = "x.map((place) => [...m.classesOnWalk([m.oneHot(2, 3), m.oneHot(0, 3)], place, true)])"
    made = js(tab, "latents", expression, [0, 0.25, 1, 1.5])
    weights = class_weights(torch.tensor([2, 0]), 3)
    places = torch.tensor([0, 0.25, 1, 1.5], dtype=torch.float64)
    torch.testing.assert_close(tensor(made), points(weights, places, kind="lerp", closed=True))


@pytest.mark.parametrize("cells", [(1, 1, 16), (1,), (2, 5)])
@pytest.mark.parametrize("seed", [0, 77, MAX_SEED])
def test_noise_is_that_of_the_place_to_the_bit(tab: Page, cells: tuple[int, ...], seed: int) -> None:
    made = js(tab, "noise", "[...m.positionNoise(23, 37, x.cells, x.seed)]", {"cells": list(cells), "seed": seed})
    assert torch.equal(tensor(made), position_noise(23, 37, cells=cells, seed=seed).flatten())
