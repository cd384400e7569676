"""Times and sizes in words."""


def duration(seconds: float) -> str:
    """Such as "340 ms", "2.5 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def size_text(num_bytes: int) -> str:
    """Such as "2.4 MB"."""
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:.0f} kB"
