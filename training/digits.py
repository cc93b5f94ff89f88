"""Train the digit reader: a small convolutional net with a CTC output over drawn slots (`training.slots`).

Strided convolutions over a picture 48 pixels high, then three along the steps: some 0.46 million weights. The rate rises
and falls once over the time there is (Smith, 2018). Figures on digits that were not trained on, MNIST's test writers, USPS
and the cheques of ORAND-CAR, go into the card beside the weights.

python -m training.digits --slots slots.npz --real real.npz --test test.npz --data ../shared/data --minutes 60
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from extractors.digits import CLASSES, HEIGHT, MODEL, STEP
from training.foreign import ForeignSet, foreign_sets

# Slots in a batch, and in a bucket that is sorted by width so that little is padded.
BATCH, BUCKET = 64, 64 * 50

# Share of slots kept aside to tell how well the net reads what it has not seen.
HELD_OUT = 0.02

# Channels of the net's layers: four that halve the height, one that folds what is left of it.
CHANNELS = (24, 48, 96, 128, 160)

# Steps between what the convolutions along the steps look at.
DILATIONS = (1, 3, 9)

# How much telling pens from print counts beside reading.
PEN_SAY = 0.3

# Seconds from one report, which reads the foreign sets, to the next.
TOLD_EVERY = 300

# Highest rate of the optimiser.
RATE = 3e-3


class DigitNet(nn.Module):
    """(n, 2, HEIGHT, w) to log posteriors (n, w / STEP, 1 + classes), and to how likely a pen wrote there (n,).

    Strides, not poolings: on a CPU these and what goes with them take more time than convolutions. What is struck shows
    over a whole number, so the last convolution looks nine steps far.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS) -> None:
        super().__init__()
        *rows, last = channels

        def block(ins: int, outs: int, kernel: int, stride: tuple[int, int]) -> list[nn.Module]:
            conv = nn.Conv2d(ins, outs, kernel, stride=stride, padding=kernel // 2, bias=False)
            return [conv, nn.BatchNorm2d(outs), nn.ReLU()]

        layers = block(2, rows[0], 5, (2, STEP))
        for ins, outs in pairwise(rows):
            layers += block(ins, outs, 3, (2, 1))
        # What is left of the height goes at once.
        high = HEIGHT // 2 ** len(rows)
        self.features = nn.Sequential(
            *layers, nn.Conv2d(rows[-1], last, (high, 1), bias=False), nn.BatchNorm2d(last), nn.ReLU()
        )

        def along(dilation: int) -> nn.Sequential:
            conv = nn.Conv1d(last, last, 3, padding=dilation, dilation=dilation, bias=False)
            return nn.Sequential(conv, nn.BatchNorm1d(last), nn.ReLU())

        self.along = nn.ModuleList(along(dilation) for dilation in DILATIONS)
        self.out = nn.Conv1d(last, 1 + len(CLASSES), 1)
        self.by_pen = nn.Linear(last, 1)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        steps = self.features(pictures).squeeze(2)
        for layer in self.along:
            steps = steps + layer(steps)
        within = functional.avg_pool1d(pictures[:, 1, :1], STEP)
        looked = (steps * within).sum(dim=2) / (within.sum(dim=2) + 1.0)
        seen = functional.log_softmax(self.out(steps).float(), dim=1).transpose(1, 2)
        return seen, torch.sigmoid(self.by_pen(looked))[:, 0]


@dataclass(frozen=True, eq=False)
class Slots:
    """Drawn slots in one row: ink uint8 (HEIGHT, columns), the slot's plane (columns,), where each starts, and texts."""

    ink: NDArray[np.uint8]
    within: NDArray[np.bool_]
    starts: NDArray[np.int64]
    texts: NDArray[np.str_]
    contents: NDArray[np.str_]

    @cached_property
    def widths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    def planes(self, places: NDArray[np.int64]) -> torch.Tensor:
        """Pictures of so many slots, the room to the right of narrow ones is paper: float32 (n, 2, HEIGHT, w)."""
        width = int(self.widths[places].max())
        tensor = np.zeros((len(places), 2, HEIGHT, width), np.float32)
        for row, place in enumerate(places):
            start, stop = int(self.starts[place]), int(self.starts[place + 1])
            tensor[row, 0, :, : stop - start] = self.ink[:, start:stop] / 170.0 - 0.25
            tensor[row, 1, :, : stop - start] = self.within[start:stop]
        return torch.from_numpy(tensor)


def main() -> int:
    """The command: train for so many minutes, write the weights and a card beside them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slots", type=Path, nargs="+", required=True, help="files of training.slots")
    parser.add_argument("--real", type=Path, help="file of training.real; its slots are seen --often times as often")
    parser.add_argument("--often", type=int, default=4)
    parser.add_argument("--test", type=Path, help="file of training.real of another seed, that is only measured on")
    parser.add_argument("--data", type=Path, help="folder with digits that are only measured on")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--start", type=Path, help="weights (.pt) to go on from")
    parser.add_argument("--threads", type=int, default=1, help="more wait for each other where cores are not free")
    parser.add_argument("--command", default="", help="how the slots were made, for the card")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(options.seed)
    slots = load_slots([*options.slots, *([options.real] if options.real else [])])
    order = rng.permutation(len(slots.texts))
    held, order = np.split(order, [int(HELD_OUT * len(order))])
    if options.real:
        real = order[order >= len(slots.texts) - len(load_slots([options.real]).texts)]
        order = np.concatenate([order, *[real] * (options.often - 1)])
    net = DigitNet()
    if options.start:
        net.load_state_dict(torch.load(options.start))
    foreign = foreign_sets(options.data) if options.data else []
    started = time.monotonic()
    seen = _train(net, slots, order, rng, options.minutes, options.rate, foreign)
    minutes = round((time.monotonic() - started) / 60, 1)
    torch.save(net.state_dict(), options.out.with_suffix(".pt"))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    export(net, options.out)
    test = load_slots([options.test]) if options.test else None
    card = {
        "held_out": measure(net, slots, held),
        "cut_from_returns": measure(net, test, np.arange(len(test.texts))) if test else None,
        "foreign": {one.name: read_foreign(net, one) for one in foreign},
        "slots": options.command,
        "drawn": len(slots.texts),
        "seen": seen,
        "minutes": minutes,
        "threads": options.threads,
        "seed": options.seed,
        "weights": sum(weight.numel() for weight in net.parameters()),
        "bytes": options.out.stat().st_size,
    }
    text = json.dumps(card, ensure_ascii=False, indent=1)
    print(text)
    options.out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return 0


def load_slots(paths: Sequence[Path]) -> Slots:
    """The slots of several files one behind the other."""
    files = [np.load(path) for path in paths]
    starts = [np.zeros(1, np.int64)]
    for file in files:
        starts.append(file["starts"][1:] + starts[-1][-1])
    return Slots(
        np.concatenate([file["ink"] for file in files], axis=1),
        np.concatenate([file["within"] for file in files]),
        np.concatenate(starts),
        np.concatenate([file["texts"] for file in files]),
        np.concatenate([file["contents"] for file in files]),
    )


def measure(net: DigitNet, slots: Slots, places: NDArray[np.int64]) -> dict[str, Any]:
    """Share of slots read as they should be, by what stands in them."""
    read = _read(net, slots, places)
    right = np.array([text == str(slots.texts[place]) for place, text in zip(places, read, strict=True)])
    found: dict[str, Any] = {"n": len(places), "right": round(float(right.mean()), 4)}
    for content in np.unique(slots.contents[places]):
        found[str(content)] = round(float(right[slots.contents[places] == content].mean()), 4)
    return found


def read_foreign(net: DigitNet, foreign: ForeignSet) -> dict[str, Any]:
    """Share of pictures of a foreign set whose digits are read: cheques also hold points and dashes, which are not told."""
    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(foreign.texts), 64):
            planes = foreign.planes[start : start + 64]
            width = max(plane.shape[2] for plane in planes)
            tensor = np.zeros((len(planes), 2, HEIGHT, width), np.float32)
            for row, plane in enumerate(planes):
                tensor[row, :, :, : plane.shape[2]] = plane
            seen = net(torch.from_numpy(tensor))[0].argmax(dim=2).numpy()
            for row, text in zip(seen, foreign.texts[start : start + 64], strict=True):
                right += "".join(char for char in greedy(row) if char.isdigit()) == text
    return {"n": len(foreign.texts), "right": round(right / max(len(foreign.texts), 1), 4)}


def greedy(classes: NDArray[np.int64]) -> str:
    """The string of the likeliest class a step: repeats folded, blanks dropped."""
    kept = [place for place, before in zip(classes.tolist(), [0, *classes.tolist()], strict=False) if place != before]
    return "".join(CLASSES[place - 1] for place in kept if place)


def _train(
    net: DigitNet, slots: Slots, places: NDArray[np.int64], rng: np.random.Generator, minutes: float, rate: float,
    foreign: Sequence[ForeignSet],
) -> int:  # fmt: skip
    """AdamW with a rate that rises and falls once over the time there is; gives the slots seen."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2)
    net.to(memory_format=torch.channels_last)
    started, done, shown, told = time.monotonic(), 0, 0.0, time.monotonic()
    while (time.monotonic() - started) / (60 * minutes) < 1:
        for batch in _batches(slots, places, rng):
            share = min((time.monotonic() - started) / (60 * minutes), 1.0)
            now = rate * min(share / 0.05, 1.0) * 0.5 * (1 + np.cos(np.pi * max(share - 0.05, 0) / 0.95)) + 1e-6
            for group in optimizer.param_groups:
                group["lr"] = float(now)
            net.train()
            pictures = _disturb(slots.planes(batch)).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                seen, pen = net(pictures)
            loss = _ctc(seen.float(), [str(slots.texts[place]) for place in batch], slots.widths[batch])
            loss = loss + PEN_SAY * _pen_loss(pen.float(), slots.contents[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            shown = 0.98 * shown + 0.02 * float(loss.detach()) if done else float(loss.detach())
            done += len(batch)
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                far = " ".join(f"{one.name} {read_foreign(net, one)['right']:.3f}" for one in foreign)
                print(f"{share:6.1%}  seen {done}  loss {shown:.4f}  {far}", flush=True)
            if share >= 1:
                break
    return done


def _ctc(seen: torch.Tensor, texts: Sequence[str], widths: NDArray[np.int64]) -> torch.Tensor:
    targets = torch.tensor([1 + CLASSES.index(char) for text in texts for char in text], dtype=torch.long)
    lengths = torch.tensor([len(text) for text in texts])
    steps = torch.from_numpy(widths // STEP)
    return functional.ctc_loss(seen.transpose(0, 1), targets, steps, lengths, reduction="sum", zero_infinity=True) / len(
        texts
    )


def _pen_loss(pen: torch.Tensor, contents: NDArray[np.str_]) -> torch.Tensor:
    """Cross-entropy of what a pen wrote and what was printed; blanks do not count."""
    written = torch.from_numpy((contents != "blank").astype(np.float32))
    by_pen = torch.from_numpy((contents != "print").astype(np.float32))
    each = functional.binary_cross_entropy(pen.clamp(1e-5, 1 - 1e-5), by_pen, reduction="none")
    return (each * written).sum() / (written.sum() + 1)


def _batches(slots: Slots, places: NDArray[np.int64], rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Batches of slots of like width, in any order."""
    order = rng.permutation(places)
    for start in range(0, len(order), BUCKET):
        bucket = order[start : start + BUCKET]
        bucket = bucket[np.argsort(slots.widths[bucket], kind="stable")]
        cuts = np.arange(0, len(bucket) - BATCH + 1, BATCH)
        for cut in rng.permutation(cuts):
            yield bucket[cut : cut + BATCH]


def _disturb(pictures: torch.Tensor) -> torch.Tensor:
    """Ink moved up or down, stretched, paled, blurred or with noise: other ones each time a slot is seen."""
    ink, within = pictures[:, :1], pictures[:, 1:]
    if torch.rand(1) < 0.5:
        shift = int(torch.randint(-3, 4, (1,)))
        ink = torch.roll(ink, shift, dims=2)
    if torch.rand(1) < 0.15:
        ink = functional.avg_pool2d(ink, 3, 1, 1)
    if torch.rand(1) < 0.2:
        scale = 0.6 + 0.35 * float(torch.rand(1))
        small = functional.interpolate(ink, scale_factor=scale, mode="bilinear", antialias=True)
        ink = functional.interpolate(small, size=ink.shape[2:], mode="bilinear")
    strength = 0.75 + 0.35 * torch.rand(len(ink), 1, 1, 1)
    noise = torch.randn_like(ink) * 0.06 * torch.rand(len(ink), 1, 1, 1)
    return torch.cat([ink * strength + noise, within], dim=1)


def _read(net: DigitNet, slots: Slots, places: NDArray[np.int64]) -> list[str]:
    net.eval()
    read: dict[int, str] = {}
    order = places[np.argsort(slots.widths[places], kind="stable")]
    with torch.no_grad():
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            seen = net(slots.planes(batch))[0].argmax(dim=2).numpy()
            for place, row in zip(batch.tolist(), seen, strict=True):
                read[place] = greedy(row[: int(slots.widths[place]) // STEP])
    return [read[place] for place in places.tolist()]


def export(net: DigitNet, path: Path) -> None:
    """ONNX with its classes as metadata."""
    import onnx

    net.eval()
    torch.onnx.export(
        net.to(memory_format=torch.contiguous_format),
        (torch.zeros(2, 2, HEIGHT, 120),),
        str(path),
        input_names=["pictures"],
        output_names=["log_probs", "pen"],
        dynamic_axes={"pictures": {0: "n", 3: "w"}, "log_probs": {0: "n", 1: "steps"}, "pen": {0: "n"}},
        dynamo=False,
    )
    stored = onnx.load(str(path))
    onnx.helper.set_model_props(stored, {"classes": CLASSES})
    onnx.save(stored, str(path))


if __name__ == "__main__":
    sys.exit(main())
