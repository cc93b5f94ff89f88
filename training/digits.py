"""Train a digit reader (`training.net`) on drawn slots (`training.slots`) and on such as are cut from returns.

The rate rises and falls once over the time there is (Smith, 2018); what is written is the mean of the weights over the last
thousand batches or so. Figures on digits that were not trained on, MNIST's test writers, USPS and the cheques of ORAND-CAR,
go into the card beside the weights.

python -m training.digits --slots slots.npz --real real.npz --test test.npz --data ../shared/data --minutes 60
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from extractors.digits import CLASSES, STEP, Look
from training.disturb import disturb
from training.foreign import ForeignSet, foreign_sets
from training.net import DigitNet, start_from
from training.slots import LOOKS

# Slots in a batch, and in a bucket that is sorted by width so that little is padded.
BATCH, BUCKET = 64, 64 * 50

# Share of slots kept aside to tell how well the net reads what it has not seen.
HELD_OUT = 0.02

# How much telling pens from print counts beside reading.
PEN_SAY = 0.3

# Seconds from one report, which reads the foreign sets, to the next.
TOLD_EVERY = 300

# Highest rate of the optimiser.
RATE = 3e-3

# Share that the mean of the weights keeps from batch to batch.
KEPT = 0.999

# Larger models are stored with weights of half the bytes.
MOST_BYTES = 1_900_000

# Widths of batches are multiples of this many columns.
COLUMNS = 16


@dataclass(frozen=True, eq=False)
class Slots:
    """Slots in one row: ink and colour uint8 (height, columns), the slot's plane (columns,), where each starts, and texts.

    Ink and colour are as `training.slots.Packed` has them; colour is of no rows for a look without.
    """

    ink: NDArray[np.uint8]
    colour: NDArray[np.uint8]
    within: NDArray[np.bool_]
    starts: NDArray[np.int64]
    texts: NDArray[np.str_]
    contents: NDArray[np.str_]

    @cached_property
    def widths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    def planes(self, places: NDArray[np.int64]) -> torch.Tensor:
        """Pictures of so many slots, the room to the right of narrow ones is paper: float32 (n, planes, height, w)."""
        width = -(-int(self.widths[places].max()) // COLUMNS) * COLUMNS
        height, coloured = len(self.ink), len(self.colour) > 0
        bytes_ = np.zeros((len(places), 3 if coloured else 2, height, width), np.uint8)
        bytes_[:, 0] = 42
        bytes_[:, 2:] = 127
        for row, place in enumerate(places):
            start, stop = int(self.starts[place]), int(self.starts[place + 1])
            bytes_[row, 0, :, : stop - start] = self.ink[:, start:stop]
            bytes_[row, 1, :, : stop - start] = self.within[start:stop]
            if coloured:
                bytes_[row, 2, :, : stop - start] = self.colour[:, start:stop]
        tensor = torch.from_numpy(bytes_).float()
        tensor[:, 0] = tensor[:, 0] / 170 - 0.25
        tensor[:, 2:] = tensor[:, 2:] / 127 - 1
        return tensor


def main() -> int:
    """The command: train for so many minutes, write the weights and a card beside them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slots", type=Path, nargs="+", required=True, help="files of training.slots")
    parser.add_argument(
        "--real", type=Path, nargs="+", default=[], help="files of training.real, seen --often times as often"
    )
    parser.add_argument("--often", type=int, default=4)
    parser.add_argument("--widest", type=int, default=10_000, help="columns of a slot beyond which it is left out")
    parser.add_argument("--test", type=Path, help="file of training.real of another seed, that is only measured on")
    parser.add_argument("--data", type=Path, help="folder with digits that are only measured on")
    parser.add_argument("--look", choices=LOOKS, default="print", help="the reader to train, as its slots were drawn")
    parser.add_argument("--out", type=Path, help="the look's own model if not given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40, help="of the processor, not by the clock")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--start", type=Path, help="weights (.pt) to go on from")
    parser.add_argument("--start-look", choices=LOOKS, help="the look that these weights are for, if it is another one")
    parser.add_argument("--threads", type=int, default=1, help="more wait for each other where cores are not free")
    parser.add_argument("--command", default="", help="how the slots were made, for the card")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(options.seed)
    slots = load_slots([*options.slots, *options.real])
    order = rng.permutation(len(slots.texts))
    held, order = np.split(order, [int(HELD_OUT * len(order))])
    order = order[slots.widths[order] <= options.widest]
    if options.real:
        real = order[order >= len(slots.texts) - sum(len(np.load(file)["texts"]) for file in options.real)]
        order = np.concatenate([order, *[real] * (options.often - 1)])
    look = LOOKS[options.look][0]
    net, out = DigitNet(look), options.out or look.model
    if options.start and options.start_look:
        other = DigitNet(LOOKS[options.start_look][0])
        other.load_state_dict(torch.load(options.start))
        start_from(net, other)
    elif options.start:
        net.load_state_dict(torch.load(options.start))
    foreign = foreign_sets(options.data, look) if options.data else []
    started = time.monotonic()
    net, seen = _train(net, slots, order, rng, options.minutes, options.rate, foreign, out.with_suffix(".pt"))
    minutes = round((time.monotonic() - started) / 60, 1)
    export(net, look, out)
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
        "bytes": out.stat().st_size,
    }
    text = json.dumps(card, ensure_ascii=False, indent=1)
    print(text)
    out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return 0


def load_slots(paths: Sequence[Path]) -> Slots:
    """The slots of several files one behind the other."""
    files = [np.load(path) for path in paths]
    starts = [np.zeros(1, np.int64)]
    for file in files:
        starts.append(file["starts"][1:] + starts[-1][-1])
    return Slots(
        np.concatenate([file["ink"] for file in files], axis=1),
        np.concatenate([file["colour"] for file in files], axis=1),
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
            tensor = np.zeros((len(planes), *planes[0].shape[:2], width), np.float32)
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
    foreign: Sequence[ForeignSet], keep: Path,
) -> tuple[DigitNet, int]:  # fmt: skip
    """AdamW with a rate that rises and falls once over the time there is; gives the mean net, and the slots seen.

    The mean net is also kept in a file each time that it is told how far it is.
    """
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2)
    net.to(memory_format=torch.channels_last)
    mean, batches = deepcopy(net), 0
    # Of the processor, not by the clock: what else the machine does, and a stop, change nothing.
    started, done, shown, told = time.process_time(), 0, 0.0, time.monotonic()
    while (time.process_time() - started) / (60 * minutes) < 1:
        for batch in _batches(slots, places, rng):
            share = min((time.process_time() - started) / (60 * minutes), 1.0)
            now = rate * min(share / 0.04, 1.0) * 0.5 * (1 + np.cos(np.pi * max(share - 0.04, 0) / 0.96)) + 1e-6
            for group in optimizer.param_groups:
                group["lr"] = float(now)
            net.train()
            pictures = disturb(slots.planes(batch)).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                seen, pen = net(pictures)
            loss = _ctc(seen.float(), [str(slots.texts[place]) for place in batch], slots.widths[batch])
            loss = loss + PEN_SAY * _pen_loss(pen.float(), slots.contents[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            batches += 1
            _follow(mean, net, min(KEPT, batches / (batches + 10)))
            shown = 0.98 * shown + 0.02 * float(loss.detach()) if done else float(loss.detach())
            done += len(batch)
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                far = " ".join(f"{one.name} {read_foreign(mean, one)['right']:.3f}" for one in foreign)
                print(f"{share:6.1%}  seen {done}  loss {shown:.4f}  {far}", flush=True)
                torch.save(mean.state_dict(), keep)
            if share >= 1:
                break
    torch.save(mean.state_dict(), keep)
    return mean, done


def _follow(mean: DigitNet, net: DigitNet, kept: float) -> None:
    """The mean of the weights a batch later; what normalisation has counted is kept with them."""
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1 - kept)


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


def export(net: DigitNet, look: Look, path: Path) -> None:
    """ONNX; weights as float16 where they would take more room than a repository should give them."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    net.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net.to(memory_format=torch.contiguous_format),
        (torch.zeros(2, look.planes, look.height, 120),),
        str(path),
        input_names=["pictures"],
        output_names=["log_probs", "pen"],
        dynamic_axes={"pictures": {0: "n", 3: "w"}, "log_probs": {0: "n", 1: "steps"}, "pen": {0: "n"}},
        dynamo=False,
    )
    if path.stat().st_size <= MOST_BYTES:
        return
    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.size > 1000:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(path))


if __name__ == "__main__":
    sys.exit(main())
