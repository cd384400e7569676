"""Loading from folders and from a Hub, with the real client against tests/support/hub_server.py.

"Trap n" in a docstring is the n-th way in which the mixin that GanGenerator is built on, or huggingface_hub, does the
lax thing by default.
"""

import json
import pickle
import re
import resource
import shutil
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from huggingface_hub.utils import validate_repo_id
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file, save_model

from gan_hub import GanGenerator, ModelError
from gan_hub.loading import model_files as gan_hub_hub
from gan_hub.loading.config import MAX_CONFIG_BYTES, MAX_PARAMETERS
from gan_hub.loading.weights import MAX_HEADER_BYTES
from tests.conftest import make_generator
from tests.support.hub_server import Fault, LoopbackHub

AUDITS: list[list[tuple[str, str]]] = []
sys.addaudithook(lambda event, args: [log.append((event, str(args[0]))) for log in AUDITS] and None)


@contextmanager
def audited() -> Iterator[list[tuple[str, str]]]:
    """The audit events inside the block: each one's name and first argument."""
    log: list[tuple[str, str]] = []
    AUDITS.append(log)
    try:
        yield log
    finally:
        AUDITS.remove(log)


def files_of(generator: GanGenerator, folder: Path) -> dict[str, bytes]:
    """The two files of a model, as a repository holds them."""
    generator.save_pretrained(folder)
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}


@pytest.fixture
def files(tiny_generator: GanGenerator, tmp_path: Path) -> dict[str, bytes]:
    return files_of(tiny_generator, tmp_path / "saved")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def with_config(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    """The files with other fields in config.json; None leaves a field out."""
    config = {**json.loads(files["config.json"]), **changes}
    return {**files, "config.json": json.dumps({k: v for k, v in config.items() if v is not None}).encode()}


def with_state(files: dict[str, bytes], folder: Path, change) -> dict[str, bytes]:
    """The files with weights that `change` has been at."""
    path = folder / "state.safetensors"
    path.write_bytes(files["model.safetensors"])
    state = load_file(path)
    change(state)
    return {**files, "model.safetensors": save(state, metadata={"format": "pt"})}


def with_header(files: dict[str, bytes], change) -> dict[str, bytes]:
    """The files with a safetensors header that `change` has been at."""
    data = files["model.safetensors"]
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    change(header)
    raw = json.dumps(header).encode()
    return {**files, "model.safetensors": struct.pack("<Q", len(raw)) + raw + data[8 + length :]}


def assert_refused(hub: LoopbackHub, cache: Path, files: dict[str, bytes], message: str, *, weights: bool) -> None:
    """Loading the files from the Hub is refused with the message, after or before the weights were downloaded."""
    hub.add("org/gan", files)
    with pytest.raises(ModelError, match=message):
        GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    assert bool(hub.asked_for("model.safetensors", "GET")) == weights


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 3 * seconds  # what holds where nothing else runs


# What works.


@pytest.mark.smoke
def test_push_then_load_in_another_cache_gives_equal_pixels(hub, cache, tiny_generator):
    tiny_generator.push_to_hub("org/tiny")
    loaded = GanGenerator.from_pretrained("org/tiny", cache_dir=cache)
    assert torch.equal(loaded.sample(5, seed=3), tiny_generator.sample(5, seed=3))
    assert loaded.config == tiny_generator.config
    assert loaded.source == "org/tiny"
    assert loaded.revision == hub.repos["org/tiny"].branches["main"]
    assert set(hub.repos["org/tiny"].commits[loaded.revision]) == {
        ".gitattributes",
        "README.md",
        "config.json",
        "model.safetensors",
    }


def test_two_files_and_nothing_else_are_downloaded(hub, cache, files):
    hub.add("org/gan", {**files, "pytorch_model.bin": b"x" * 1000, "extra.json": b"{}", "README.md": b"# hello"})
    GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    fetched = [request.path.rsplit("/", 1)[1] for request in hub.asked_for("resolve", "GET")]
    assert fetched == ["config.json", "model.safetensors"]


def test_a_revision_is_what_it_names(hub, cache, files, tmp_path):
    other = make_generator(num_classes=0)
    first = hub.add("org/gan", files)
    second = hub.repos["org/gan"].commit(files_of(other, tmp_path / "other"), "v2")
    for revision, commit, num_classes in ((None, first, 3), ("main", first, 3), ("v2", second, 0), (second, second, 0)):
        loaded = GanGenerator.from_pretrained("org/gan", revision=revision, cache_dir=cache)
        assert (loaded.revision, loaded.num_classes) == (commit, num_classes)
    with pytest.raises(ModelError, match="'org/gan' has no revision 'v3'; use a branch, a tag or a commit"):
        GanGenerator.from_pretrained("org/gan", revision="v3", cache_dir=cache)


def test_the_mixins_other_revision_names_are_single_path_parts(hub, cache, files):
    hub.add("org/gan", files)
    commit = hub.repos["org/gan"].commit(files, "refs/pr/1")
    assert GanGenerator.from_pretrained("org/gan", revision="refs/pr/1", cache_dir=cache).revision == commit


# The sixteen traps.


def test_weights_of_less_depth_do_not_load(hub, cache, files):
    """Trap 1: strict=False loads what fits and leaves the rest random."""
    message = r"missing network\.stages\.0\.blocks\.1\.conv1\.bias, .* and 9 more"
    assert_refused(hub, cache, with_config(files, num_blocks=2), message, weights=True)


def test_weights_of_another_size_are_not_even_downloaded(hub, cache, files):
    assert_refused(hub, cache, with_config(files, widths=[1024, 512]), "do not belong together", weights=False)


def test_weights_of_more_depth_do_not_load(hub, cache, files, tmp_path):
    """Trap 1: nor is a surplus left out. So few bytes more could be a header's, so the names decide."""
    deeper = files_of(make_generator(num_blocks=2), tmp_path / "deeper")
    message = r"surplus network\.stages\.0\.blocks\.1\.conv1\.bias, .* and 9 more"
    assert_refused(hub, cache, with_config(deeper, num_blocks=1), message, weights=True)


def test_surplus_and_missing_tensors_are_named(tmp_path, files):
    """Trap 1, where the sizes agree: the same numbers under other names."""

    def rename(state):
        state["network.other.weight"] = state.pop("network.base.weight")

    write(tmp_path / "gan", with_state(files, tmp_path, rename))
    with pytest.raises(ModelError, match=r"missing network\.base\.weight; surplus network\.other\.weight"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def test_tensors_of_another_shape_or_type_are_named(tmp_path, files):
    def change(state):
        state["network.base.weight"] = state["network.base.weight"].T.contiguous()

    write(tmp_path / "gan", with_state(files, tmp_path, change))
    with pytest.raises(ModelError, match=r"network\.base\.weight is F32 \[8, 48\], expected F32 \[48, 8\]"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def test_no_config_is_an_error(hub, cache, files):
    """Trap 2: a missing config.json is logged, and the class's defaults are taken."""
    message = "'org/gan' has no config.json: a model of gan-hub has config.json and model.safetensors at its root"
    assert_refused(hub, cache, {"model.safetensors": files["model.safetensors"]}, message, weights=False)


def test_config_arrives_checked_not_as_a_dict(generator_folder):
    """Traps 3 and 4: dataclasses arrive as dicts, tuples as lists, unknown keys vanish."""
    config = GanGenerator.from_pretrained(generator_folder).config
    assert (config.image_size, config.widths) == ((8, 12), (8, 4))
    assert isinstance(config.class_names, tuple)


def test_config_is_complete(generator_folder, tiny_generator):
    """Trap 5: init arguments that JSON can't hold are left out of config.json."""
    written = json.loads((generator_folder / "config.json").read_text(encoding="utf-8"))
    assert written == tiny_generator.config.to_dict()
    assert set(written) == {
        "architecture", "attention_stages", "channels", "class_names", "format_version", "image_size", "latent_dim",
        "num_active", "num_blocks", "num_categories", "num_classes", "patch_size", "widths",
    }  # fmt: skip


@pytest.mark.parametrize(
    "key", ["map_location", "strict", "token", "cache_dir", "config", "model_kwargs", "self", "зло"]
)
def test_config_keys_never_reach_the_loader(hub, cache, files, key):
    """Trap 6: with **kwargs in __init__, keys of config.json become arguments of the loader."""
    assert_refused(
        hub, cache, with_config(files, **{key: "meta"}), f"unknown keys in the config: .*{key}", weights=False
    )


# To make the config of `files` one of the architecture mlp.
MLP = {"architecture": "mlp", "num_blocks": None, "patch_size": None, "attention_stages": None}


@pytest.mark.parametrize(
    "huge",
    [
        {"widths": [4096, 4096], "num_blocks": 16},
        {"widths": [4096] * 4, "image_size": [512, 512]},
        {"latent_dim": 4096, "num_classes": 10_000, "class_names": [], "widths": [4096]},
        {**MLP, "image_size": [512, 512], "widths": [4096] * 8},
    ],
    ids=["blocks", "image", "classes", "mlp"],
)
def test_a_config_that_asks_for_too_much_allocates_nothing(hub, cache, files, huge):
    """Trap 7: the network is built before the weights are looked at, however large its config says it is."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with at_most(2):
        assert_refused(hub, cache, with_config(files, **huge), f"at most {MAX_PARAMETERS:,} are allowed", weights=False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB; the smallest would take 1 GB


def test_config_and_weights_come_from_one_commit(hub, cache, files, tmp_path):
    """Trap 8: the two files are two resolves of main, and a push between them mixes two models."""
    before = hub.add("org/gan", files)
    other = files_of(make_generator(num_classes=0), tmp_path / "other")
    hub.faults.append(Fault("GET .*config.json", then=lambda: hub.repos["org/gan"].commit(other), count=1))
    loaded = GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    assert loaded.revision == before != hub.repos["org/gan"].branches["main"]
    assert loaded.num_classes == 3
    again = GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    assert (again.revision, again.num_classes) == (hub.repos["org/gan"].branches["main"], 0)


class Exploit:
    """Its unpickling is seen by the audit hook."""

    def __reduce__(self):
        return (print, ("a pickle was opened",))


@pytest.mark.parametrize("where", ["hub", "folder", "named safetensors"])
def test_a_pickle_is_never_opened(hub, cache, files, where, tmp_path, monkeypatch):
    """Trap 9: where model.safetensors is missing, the mixin falls back to pytorch_model.bin."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("torch.load was called")

    monkeypatch.setattr(torch, "load", refuse)
    payload = pickle.dumps({"network.base.weight": Exploit()}) * 60  # as long as the weights, to pass their size check
    repo = {"config.json": files["config.json"], "pytorch_model.bin": payload}
    with audited() as events:
        if where == "folder":
            write(tmp_path / "gan", repo)
            with pytest.raises(ModelError, match=r"has no model\.safetensors: only safetensors are loaded"):
                GanGenerator.from_pretrained(tmp_path / "gan")
        elif where == "hub":
            message = r"has no model\.safetensors: only safetensors are loaded; a pickle is never opened"
            assert_refused(hub, cache, repo, message, weights=False)
            assert not hub.asked_for("pytorch_model.bin")
        else:
            disguised = {**repo, "model.safetensors": (payload * 9)[: len(files["model.safetensors"])]}
            assert_refused(hub, cache, disguised, "claims|is not a safetensors", weights=True)
    assert "pickle.find_class" not in {event for event, _ in events}
    with audited() as events:
        pickle.loads(payload)
    assert "pickle.find_class" in {event for event, _ in events}  # it would have been seen


def test_saved_bytes_are_the_same_each_time(tiny_generator, tmp_path):
    """Trap 10: save_model writes shared tensors' names in random order, so each push uploads the weights anew."""
    saved = {files_of(tiny_generator, tmp_path / str(i))["model.safetensors"] for i in range(12)}
    assert len(saved) == 1


def test_tied_tensors_are_not_a_way_around_strictness(tiny_generator, files, tmp_path):
    """Trap 10: save_model drops a tensor that shares memory with another; the loader misses it by name."""
    tied = make_generator(image_size=(8, 8), widths=[4, 4], patch_size=2)
    tied.network.stages[1].blocks[0].conv2.weight = tied.network.stages[1].blocks[0].conv1.weight
    tied.save_pretrained(tmp_path / "gan")  # by name, each with its own numbers
    assert torch.equal(GanGenerator.from_pretrained(tmp_path / "gan").sample(2, seed=0), tied.sample(2, seed=0))
    save_model(tied.to(memory_format=torch.contiguous_format), str(tmp_path / "gan" / "model.safetensors"))
    with pytest.raises(ModelError, match=r"do not belong together|missing network\.stages\.1\.blocks\.0\.conv"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def test_card_arguments_are_our_own(hub, tiny_generator):
    """Trap 11: model_card_kwargs with repo_url and the like are a TypeError deep inside; here they have one meaning."""
    tiny_generator.push_to_hub("org/tiny", model_card_kwargs={"facts": None})
    readme = hub.repos["org/tiny"].commits[hub.repos["org/tiny"].branches["main"]]["README.md"].decode()
    assert 'from_pretrained("org/tiny")' in readme


def test_a_readme_of_ones_own_is_kept(tiny_generator, tmp_path):
    """Trap 12: README.md is written only if there is none, so that what a person wrote stays."""
    (tmp_path / "README.md").write_text("mine")
    tiny_generator.save_pretrained(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


@pytest.mark.parametrize("wrapper", ["data parallel", "compile"])
def test_wrapped_networks_save_plain_names_or_do_not_load(tiny_generator, tmp_path, wrapper):
    """Traps 13 and 15: an attribute `module` is saved in our place; wrappers put prefixes before the names."""
    assert not hasattr(tiny_generator, "module")
    if wrapper == "compile":
        wrapped = torch.compile(tiny_generator)
        wrapped.save_pretrained(tmp_path / "gan")
        assert GanGenerator.from_pretrained(tmp_path / "gan").num_classes == 3
    tiny_generator.save_pretrained(tmp_path / "gan")
    prefix = {"compile": "_orig_mod.", "data parallel": "module."}[wrapper]
    state = {f"{prefix}{name}": tensor.contiguous() for name, tensor in tiny_generator.state_dict().items()}
    save_file(state, tmp_path / "gan" / "model.safetensors")
    with pytest.raises(ModelError, match=f"missing .*surplus {re.escape(prefix)}"):
        GanGenerator.from_pretrained(tmp_path / "gan")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "gan"}, "architecture is 'gan'; it must be one of conv, dcgan, film, mlp, recurrent"),
        ({"architecture": None}, "the config lacks architecture"),
        ({"format_version": 2}, "format_version is 2; it must be one of 1"),
        ({"architecture": "mlp"}, "the architecture 'mlp' takes no num_blocks; leave it out"),
    ],
    ids=["unknown", "missing", "version", "options"],
)
def test_another_architecture_is_refused(hub, cache, files, changes, message):
    """Trap 14: the mixin has no way to tell which class a repository is of, and loads it into the wrong one."""
    assert_refused(hub, cache, with_config(files, **changes), message, weights=False)


def test_weights_of_another_architecture_are_refused(hub, cache, files):
    """Trap 14, where the config names another architecture than the weights are of."""
    files = with_config(files, **MLP)
    assert_refused(hub, cache, files, r"missing network\.layers\.0\.bias, .*surplus network\.base\.bias", weights=True)


FAULTS = {
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429},
    "hangs": {"hang": 20.0},
    "portal": {"body": b"<html>Please log in to the Wi-Fi</html>"},
}


@pytest.mark.parametrize("route", ["GET /api/models", "HEAD .*config.json", "HEAD .*safetensors"])
@pytest.mark.parametrize("fault", FAULTS)
def test_hub_down_and_not_cached_is_a_sentence_within_ten_seconds(hub, cache, files, fault, route, monkeypatch):
    """Trap 16: five retries, 27 seconds and more, before an error."""
    hub.add("org/gan", files)
    if fault == "hangs" and not route.endswith("safetensors"):
        monkeypatch.setattr(gan_hub_hub, "TIMEOUT_SECONDS", 0.3)  # waiting for the real one once is enough
    hub.faults.append(Fault(route, **FAULTS[fault]))
    with at_most(10), pytest.raises(ModelError, match="the Hub can't be reached"):
        GanGenerator.from_pretrained("org/gan", cache_dir=cache)


@pytest.mark.parametrize("fault", FAULTS)
def test_hub_down_and_cached_loads_at_once(hub, cache, files, fault, tiny_generator, monkeypatch):
    """Trap 16, the other half: what is in the cache needs no Hub."""
    commit = hub.add("org/gan", files)
    GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    hub.faults.append(Fault("", **FAULTS[fault]))
    with at_most(1):
        pinned = GanGenerator.from_pretrained("org/gan", revision=commit, cache_dir=cache)
        local = GanGenerator.from_pretrained("org/gan", local_files_only=True, cache_dir=cache)
    assert pinned.revision == local.revision == commit
    monkeypatch.setattr(gan_hub_hub, "TIMEOUT_SECONDS", 0.3)  # one time limit, since a newer commit might be had
    with at_most(1):
        newest = GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    assert newest.revision == commit
    assert torch.equal(newest.sample(2, seed=0), tiny_generator.sample(2, seed=0))


def test_a_pinned_commit_in_the_cache_asks_nothing(hub, cache, files):
    commit = hub.add("org/gan", files)
    GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    hub.requests.clear()
    GanGenerator.from_pretrained("org/gan", revision=commit, cache_dir=cache)
    assert hub.requests == []
    GanGenerator.from_pretrained("org/gan", revision=commit, cache_dir=cache, force_download=True)
    assert hub.asked_for("model.safetensors", "GET")


def test_local_files_only_and_not_cached(hub, cache, files):
    hub.add("org/gan", files)
    with pytest.raises(ModelError, match="'org/gan' is not in the cache and only local files are allowed"):
        GanGenerator.from_pretrained("org/gan", cache_dir=cache, local_files_only=True)
    assert hub.requests == []


@pytest.mark.parametrize("filename", ["config.json", "model.safetensors"])
def test_a_download_that_breaks_off_goes_on_where_it_was(hub, cache, files, filename, tiny_generator):
    hub.add("org/gan", files)
    hub.faults.append(Fault(f"GET .*{filename}", truncate=100, count=1))
    loaded = GanGenerator.from_pretrained("org/gan", cache_dir=cache)
    assert torch.equal(loaded.sample(2, seed=0), tiny_generator.sample(2, seed=0))


# Who may see what.


def test_private_repositories_need_a_token(hub, cache, files):
    hub.add("org/secret", files, private=True)
    assert GanGenerator.from_pretrained("org/secret", cache_dir=cache).num_classes == 3
    with pytest.raises(ModelError, match="the Hub has no model 'org/secret' that you may see"):
        GanGenerator.from_pretrained("org/secret", cache_dir=cache / "visitor", token=False)


def test_missing_repositories_look_like_private_ones(hub, cache):
    for token in (None, False):
        with pytest.raises(ModelError, match="the Hub has no model 'org/none' that you may see; check the name"):
            GanGenerator.from_pretrained("org/none", cache_dir=cache, token=token)


def test_gated_repositories_say_where_to_ask(hub, cache, files):
    """A gated repository shows its listing to everyone and refuses its files."""
    hub.add("org/gated", files, gated=True)
    with pytest.raises(ModelError, match="'org/gated' is gated: ask for access on its page on the Hub"):
        GanGenerator.from_pretrained("org/gated", cache_dir=cache, token=False)
    assert GanGenerator.from_pretrained("org/gated", cache_dir=cache).num_classes == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_said_to_be(hub, cache, files, status):
    hub.add("org/gan", files)
    hub.faults.append(Fault("GET /api/models", status=status))
    with pytest.raises(ModelError, match=rf"the Hub refused the token for 'org/gan' \({status}\); log in again"):
        GanGenerator.from_pretrained("org/gan", cache_dir=cache)


def test_without_a_token_none_is_sent(hub, cache, files):
    """HF_TOKEN is set: a page that sent it for a visitor would show the visitor its owner's private models."""
    hub.add("org/gan", files)
    GanGenerator.from_pretrained("org/gan", cache_dir=cache, token=False)
    assert len(hub.requests) >= 5
    assert {request.authorization for request in hub.requests} == {None}
    hub.requests.clear()
    GanGenerator.from_pretrained("org/gan", cache_dir=cache / "other")
    bare = {request.path for request in hub.requests if request.authorization is None}
    assert bare
    assert all(path.startswith("/cdn/") for path in bare)  # the store, a host of its own, is told no token either


@pytest.mark.parametrize("form", ["absolute", "relative", "dot", "parent", "nested"])
def test_a_strangers_name_never_opens_a_folder(hub, generator_folder, monkeypatch, form):
    monkeypatch.chdir(generator_folder.parent.parent)
    (generator_folder / "sub").mkdir()
    name = {
        "absolute": str(generator_folder),
        "relative": str(generator_folder.relative_to(Path.cwd())),
        "dot": f"./{generator_folder.relative_to(Path.cwd())}",
        "parent": f"{generator_folder}/sub/..",
        "nested": f"{generator_folder}/sub/../",
    }[form]
    assert GanGenerator.from_pretrained(name).num_classes == 3
    with audited() as events, pytest.raises(ModelError):
        GanGenerator.from_pretrained(name, allow_folders=False)
    assert not [path for event, path in events if event == "open" and generator_folder.name in path]


HOSTILE = [
    "", " ", ".", "..", "./", "../x", "../../etc/passwd", "/etc/passwd", "~", "~/x", "a", "a/b/c", "a//b", "/a/b",
    "a/b/", "a/..", "../b", "a/b..c", "a--b/c", "a/b--c", "a/b.git", "-a/b", "a/-b", "a/b-", "a./b", ".a/b", "a/b.",
    "a\\b/c", "a/b\n", "a/b\0", "a b/c", "é/b", "a/b?x=1", "a/b#x", "a/%2e%2e", "http://evil/a", "file:///etc/passwd",
    "a/b@main", "x" * 97 + "/b", "a/" + "x" * 97, "x" * 5000, "a/b" * 3000, "\ud800/a", "文件/模型", "NUL/..",
    "${HOME}/x", "a/b;rm",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
@pytest.mark.parametrize("allow_folders", [False, True])
def test_hostile_names_are_refused_without_a_request(hub, cache, name, allow_folders):
    with pytest.raises(ModelError) as caught:
        GanGenerator.from_pretrained(name, cache_dir=cache, allow_folders=allow_folders)
    message = str(caught.value)
    assert len(message) < 400
    assert message.isprintable()
    assert hub.requests == []


@given(st.text(st.sampled_from("aZ09._-/"), min_size=3, max_size=30) | st.text(max_size=30))
def test_every_name_is_refused_or_one_the_client_takes(name):
    try:
        gan_hub_hub.locate(name, allow_folders=False, local_files_only=True)
    except ModelError as error:
        if "is not in the cache" in str(error):
            validate_repo_id(name)  # raises if the client would not take what our own check let through


@pytest.mark.parametrize("revision", ["", "../main", "a..b", "/main", "-x", "a b", "main\n", "x" * 201, "é", "a\0"])
def test_hostile_revisions(hub, cache, files, revision):
    hub.add("org/gan", files)
    with pytest.raises(ModelError, match=r"the revision .* is not possible; use a branch, a tag or a commit"):
        GanGenerator.from_pretrained("org/gan", revision=revision, cache_dir=cache)
    assert hub.requests == []


# Files that lie.


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[]", "holds a list; it must hold an object"),
        (b"4", "holds a int"),
        (b"null", "holds a NoneType"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' * 40_000, "not valid JSON"),
        (b'{"latent_dim":' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"{}", "the config lacks architecture"),
        (b" " * (MAX_CONFIG_BYTES + 1), f"at most {MAX_CONFIG_BYTES:,} are read"),
    ],
    ids=["empty", "open", "utf16", "list", "number", "null", "deep list", "deep object", "digits", "none", "huge"],
)
def test_configs_that_are_none(hub, cache, files, text, message):
    with at_most(2):
        assert_refused(hub, cache, {**files, "config.json": text}, message, weights=False)
    if "are read" in message:
        assert not hub.asked_for("config.json", "GET")


@pytest.mark.parametrize("size", [0, 7, 8, 100, -1, -4, 4, MAX_HEADER_BYTES + 1], ids=str)
def test_weights_of_another_size_are_not_downloaded(hub, cache, files, size, tiny_generator):
    """The size is refused before the download where no header makes it fit; a few bytes more or less after it."""
    data = files["model.safetensors"]
    wrong = data[:size] if 0 <= size <= 100 and size != 4 else data[:size] if size < 0 else data + bytes(size)
    too_far = not 9672 < len(wrong) <= 9672 + MAX_HEADER_BYTES
    message = "do not belong together" if too_far else "is damaged"
    assert_refused(hub, cache, {**files, "model.safetensors": wrong}, message, weights=not too_far)


def test_a_header_that_claims_a_hundred_megabytes(tmp_path, files):
    data = struct.pack("<Q", 100_000_000) + files["model.safetensors"][8:]
    write(tmp_path / "gan", {**files, "model.safetensors": data})
    with pytest.raises(ModelError, match="claims 100,000,000 bytes; at most"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def _overlap(header):
    header["network.base.bias"]["data_offsets"] = header["network.condition.bias"]["data_offsets"]


def _hole(header):
    header["network.base.bias"]["data_offsets"][0] += 4


def _beyond(header):
    header["network.stages.1.transition.weight"]["data_offsets"][1] = 2**62


def _negative(header):
    header["network.base.bias"]["data_offsets"] = [-192, 0]


def _shape(header):
    header["network.base.bias"]["shape"] = [0, 2**62]


def _kind(header):
    header["network.base.bias"]["dtype"] = "F16"


def _many(header):
    header.update({f"x{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(10_000)})


def _list(header):
    header["network.base.bias"] = ["F32", [48], [0, 192]]


def _no_shape(header):
    del header["network.base.bias"]["shape"]


def _metadata(header):
    header["__metadata__"] = {"format": {"nested": 1}}


@pytest.mark.parametrize(
    "lie", [_overlap, _hole, _beyond, _negative, _shape, _kind, _many, _list, _no_shape, _metadata]
)
def test_headers_that_lie(tmp_path, files, lie):
    write(tmp_path / "gan", with_header(files, lie))
    with at_most(2), pytest.raises(ModelError, match=r"damaged|does not fit|not a safetensors file"):
        GanGenerator.from_pretrained(tmp_path / "gan")


@pytest.mark.parametrize("header", [b"", b"[]", b"4", b"{", b"[" * 10_000, b"\xff\xff", b'{"a": 1}'], ids=str)
def test_headers_that_are_none(tmp_path, files, header):
    data = struct.pack("<Q", len(header)) + header + bytes(20_000)  # as long as weights, to pass their size check
    write(tmp_path / "gan", {**files, "model.safetensors": data})
    with pytest.raises(ModelError, match=r"damaged|does not fit|not a safetensors file"):
        GanGenerator.from_pretrained(tmp_path / "gan")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers(tmp_path, files, value):
    def change(state):
        state["network.base.bias"][3] = value

    write(tmp_path / "gan", with_state(files, tmp_path, change))
    with pytest.raises(ModelError, match=r"'network\.base\.bias' holds NaN or infinite values"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def test_sixteen_bit_weights_are_not_guessed_at(tmp_path, files):
    def change(state):
        state["network.base.bias"] = torch.zeros(96, dtype=torch.float16)

    write(tmp_path / "gan", with_state(files, tmp_path, change))
    with pytest.raises(ModelError, match=r"network\.base\.bias is F16 \[96\], expected F32 \[48\]"):
        GanGenerator.from_pretrained(tmp_path / "gan")


def test_a_run_that_goes_on_gives_its_newest_checkpoint(generator_folder, tmp_path, tiny_generator):
    for step in (90, 1000, 200):
        shutil.copytree(generator_folder, tmp_path / f"checkpoint-{step}")
    (tmp_path / "checkpoint-9999-old").mkdir()
    (tmp_path / "samples").mkdir()
    loaded = GanGenerator.from_pretrained(tmp_path)
    assert loaded.files.folder == tmp_path / "checkpoint-1000"
    assert torch.equal(loaded.sample(2, seed=0), tiny_generator.sample(2, seed=0))


def test_an_empty_folder_says_what_belongs_into_it(tmp_path):
    with pytest.raises(ModelError, match=r"has no config\.json: a model of gan-hub has config\.json and model"):
        GanGenerator.from_pretrained(tmp_path)


def test_loading_into_memory_outlives_the_file(generator_folder, tiny_generator):
    """A run overwrites its own folder while a page shows what it loaded from there."""
    loaded = GanGenerator.from_pretrained(generator_folder)
    (generator_folder / "model.safetensors").write_bytes(b"")
    assert torch.equal(loaded.sample(2, seed=0), tiny_generator.sample(2, seed=0))
