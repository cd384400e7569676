"""The machine, and the settings that make small training steps fast on it. Imports nothing heavy at the top."""

import os
import platform
import statistics
import sys
import time
from pathlib import Path

# Each step's buffers would be handed back to the system and faulted in again (up to half of the time is spent in the
# kernel), and threads that spin for each other on shared cores slow small steps down tenfold. All of these are read
# once, when a process starts.
PROCESS_SETTINGS = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
    "OMP_WAIT_POLICY": "PASSIVE",
}
MARK = "GAN_HUB_PROCESS_TUNED"


def tune_process() -> None:
    """Start this process again with allocator and thread settings, unless they are set already or it is not Linux.

    Call it first thing in a script: it does not return when it restarts. Settings that the user made are kept;
    `GAN_HUB_PROCESS_TUNED=1` in the environment keeps everything as it is.
    """
    missing = {name: value for name, value in PROCESS_SETTINGS.items() if name not in os.environ}
    if platform.system() != "Linux" or MARK in os.environ or not missing:
        return
    os.environ.update(missing, **{MARK: "1"})
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def bf16_pays(device_type: str) -> bool:
    """Whether a convolution's forward and backward pass run faster in bfloat16 on this machine, measured in 0.2 s.

    Processors without bfloat16 instructions emulate it and get slower; a GPU gains from it if it supports it.
    """
    import torch

    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device_type != "cpu":
        return False
    layer = torch.nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.randn(32, 64, 14, 14).contiguous(memory_format=torch.channels_last)

    def seconds(enabled: bool) -> float:
        start = time.process_time()
        for _ in range(5):
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                output = layer(images)
            output.float().sum().backward()
        return time.process_time() - start

    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several would spin for each other on a busy machine, and that is what would be measured
    try:
        timings = [(seconds(False), seconds(True)) for _ in range(4)][1:]  # the first round warms up
    finally:
        torch.set_num_threads(num_threads)
    plain, bf16 = (min(times) for times in zip(*timings))
    return plain / bf16 > 1.1


def default_num_threads(num_processes: int) -> int:
    """Threads for each of the processes that share this machine, as measured: as many as pay, one at least.

    Two threads on a machine that is busy with something else, or whose cores are halves of one, can be slower than one.
    """
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(psutil.cpu_count(logical=False) or usable, usable)
    most = max(1, cores // num_processes)
    return most if num_processes > 1 else _fastest_num_threads(most)


def _fastest_num_threads(most: int) -> int:
    """Of `most`, its half, and so on down to one thread, the number that a convolution runs fastest with."""
    import torch

    if most == 1:
        return 1
    layer = torch.nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.randn(32, 64, 32, 32).contiguous(memory_format=torch.channels_last)

    def seconds(num_threads: int) -> float:
        torch.set_num_threads(num_threads)
        start = time.perf_counter()
        for _ in range(3):
            layer(images).sum().backward()
        return time.perf_counter() - start

    before = torch.get_num_threads()
    candidates = [most >> halvings for halvings in range(most.bit_length())]
    try:
        rounds = [[seconds(number) for number in candidates] for _ in range(4)][1:]  # the first one warms up
    finally:
        torch.set_num_threads(before)
    medians = [statistics.median(times) for times in zip(*rounds)]
    return candidates[medians.index(min(medians))]


def asked_processes() -> int | None:
    """The number that this process's launcher was told to start with --num_processes; None if it was not told."""
    import psutil

    try:
        words = psutil.Process().parent().cmdline()  # which a process may lack
    except (psutil.Error, AttributeError):
        return None
    if "launch" not in words:
        return None
    for i, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in ("--num_processes", "--num-processes"):
            number = value or (words[i + 1] if i + 1 < len(words) else "")
            return int(number) if number.isdecimal() else None
    return None


def entry_point(script: str) -> list[str]:
    """What to give a launcher to start this program again: `-m` and the module that was started, or the script."""
    spec = sys.modules["__main__"].__spec__
    if spec is not None and spec.name.startswith("gan_hub."):
        return ["-m", spec.name.removesuffix(".__main__")]
    return [script]


def hardware() -> str:
    """The processor with its threads, or the GPU, in words for a card."""
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"
    return f"{_processor_name()}, {torch.get_num_threads()} thread(s)"


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide what a run computes."""
    from importlib.metadata import version

    from gan_hub import __version__

    names = ("torch", "accelerate", "safetensors", "huggingface-hub")
    own = {"gan-hub": __version__, "Python": platform.python_version()}
    return own | {name: version(name) for name in names}
