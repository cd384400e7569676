"""A3: photos that say where and by whom they were taken; nothing of it is in what the page gives back."""

import io
import random
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import IFD

from tests.stress.attack.bad_images import picture
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

SECRETS = (b"Grandmother", b"Lake Street 7", b"47.376888", b"Nikon 0123456")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a geo="47.376888">Grandmother at Lake Street 7</a></x:xmpmeta>'
IPTC = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x16\x1c\x02\x5a\0\x11Lake Street 7    "
FORMATS = ("jpeg", "png", "webp")
STYLES = ("monet", "van-gogh")


@dataclass(frozen=True)
class Metadata:
    """Planted places and names."""

    n: int = 200
    """Photos; each comes back in three formats."""
    seed: int = 0
    json: Path | None = None


def exif() -> Image.Exif:
    """Place, time, owner, and a thumbnail's worth of notes."""
    tags = Image.Exif()
    tags[0x010E], tags[0x013B], tags[0x0110], tags[0x8298] = "Grandmother", "Lake Street 7", "Nikon 0123456", "me"
    tags[0x0112] = 6
    gps = tags.get_ifd(IFD.GPSInfo)
    gps[1], gps[2], gps[3], gps[4] = "N", (47.0, 22.0, 36.8), "E", (8.0, 32.0, 27.8)
    tags.get_ifd(IFD.Exif)[0x9286] = b"ASCII\0\0\0Lake Street 7"
    return tags


def planted(rng: random.Random) -> tuple[str, bytes]:
    """A photo with all of it in a format that a camera or a program writes: its name and its bytes."""
    image = picture(rng, rng.choice(["RGB", "RGBA", "L"]))
    kind = rng.choice(["JPEG", "PNG", "WEBP", "TIFF"])
    image = image if kind != "JPEG" else image.convert("RGB")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif(), "icc_profile": profile if image.mode != "L" else None}
    if kind == "JPEG":
        options |= {"xmp": XMP, "comment": b"Grandmother"}
    elif kind == "WEBP":
        options |= {"xmp": XMP}
    elif kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", "Grandmother")
        info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=rng.random() < 0.5)
        info.add_text("Raw profile type iptc", "Lake Street 7", zip=True)
        options |= {"pnginfo": info}
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    data = buffer.getvalue()
    if kind == "JPEG":
        data = data[:2] + b"\xff\xed" + (len(IPTC) + 2).to_bytes(2, "big") + IPTC + data[2:]
    return f"Grandmother {rng.randrange(999)}.{kind.lower()}", data


def found_in(data: bytes) -> list[str]:
    """What of the secrets is in a file, compressed or not, and whatever says a place."""
    packed = [data]
    for start in (
        place for place in range(len(data) - 1) if data[place] == 0x78 and data[place + 1] in (1, 0x9C, 0xDA)
    ):
        try:
            packed.append(zlib.decompressobj().decompress(data[start:], 10**6))
        except zlib.error:
            continue
    leaks = [secret.decode() for secret in (*SECRETS, b"xmpmeta", b"/tmp/") if any(secret in each for each in packed)]
    image = Image.open(io.BytesIO(data))
    tags = image.getexif()
    leaks += ["GPS"] if tags.get_ifd(IFD.GPSInfo) else []
    return leaks + [f"EXIF {hex(tag)}" for tag in tags if tag != 0x0112]


def main(options: Metadata) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("metadata", options.seed)
    planted_in = 0
    with PageProcess() as page, Caller(page.url) as caller:
        for number in range(options.n):
            name, data = planted(rng)
            planted_in += bool(found_in(data))
            file = caller.upload(name, data)
            for kind in FORMATS:
                values = [rng.choice([0, 40, 100]), rng.random() < 0.5, "100", 0, rng.choice([0, 20]), kind, 90, False]
                answer = caller.call("stylize", [file, rng.choice(STYLES), *values])
                if answer.data is None:
                    tally.check(False, f"{name} as {kind}: {answer.error}")
                    continue
                leaks = found_in(caller.fetch(answer.data[0]))
                tally.check(not leaks, f"{number} {name} as {kind}: {leaks}")
    assert planted_in == options.n, "the photos do not hold what is looked for"
    return tally.finish(options.json, photos=options.n, with_secrets=planted_in)
