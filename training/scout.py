"""Train the scout: a small convolutional net that tells which of the form's characters stands at each step of a text line.

Plain convolutions that halve the line thrice, as PP-OCR's recogniser does, on a picture of half its height: a twentieth of
its work. It sees about two characters' width at once, too little to learn sentences by heart. Labels are the big
recogniser's own classes a step (`training.lines`), so the loss is cross-entropy a step, without an alignment.

python -m training.scout --lines lines.npz --out extractors/models/scout.onnx --seed 1 --minutes 30
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from extractors.glyphs import form_to_alphabet
from extractors.scout import lines_to_tensor
from schemas.safety_month import SAFETY_MONTH

# Columns of a training piece and pieces in a batch; a piece holds eight characters or so.
PIECE, BATCH = 320, 64

# Share of lines kept aside to tell how well the net reads what it has not seen.
HELD_OUT = 0.04


class Scout(nn.Module):
    """(n, 1, 24, w) to log posteriors (n, w / 4, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()

        def block(ins: int, outs: int, *, pool: tuple[int, int] | None, pad: tuple[int, int] = (1, 1)) -> nn.Sequential:
            layers: list[nn.Module] = [nn.Conv2d(ins, outs, 3, padding=pad, bias=False), nn.BatchNorm2d(outs), nn.ReLU()]
            return nn.Sequential(*layers, *([nn.MaxPool2d(pool)] if pool else []))

        self.features = nn.Sequential(
            block(1, 24, pool=(2, 2)),
            block(24, 48, pool=(2, 2)),
            block(48, 96, pool=(2, 1)),
            block(96, 128, pool=None),
            block(128, 192, pool=None, pad=(0, 1)),
        )
        self.around = nn.Sequential(nn.Conv1d(192, 192, 3, padding=1, bias=False), nn.BatchNorm1d(192), nn.ReLU())
        self.out = nn.Conv1d(192, classes, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        steps = self.features(pictures).squeeze(2)
        steps = steps + self.around(steps)
        return functional.log_softmax(self.out(steps), dim=1).transpose(1, 2)


def main() -> int:
    """The command: train for so many minutes, write the weights and a card beside them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("extractors/models/scout.onnx"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--command", default="", help="how the lines were made, for the card")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    alphabet = form_to_alphabet(SAFETY_MONTH)
    pieces, labels = _load_pieces(options.lines)
    held = int(HELD_OUT * len(pieces))
    model = Scout(alphabet.size)
    started = time.monotonic()
    epochs = _train(model, pieces[held:], labels[held:], rng, options.minutes)
    figures = _evaluate(model, pieces[:held], labels[:held])
    figures |= {"pieces": len(pieces), "epochs": round(epochs, 1), "minutes": round((time.monotonic() - started) / 60, 1)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    _export(model, options.out, alphabet.classes)
    figures |= {"lines": options.command, "seed": options.seed, "bytes": options.out.stat().st_size}
    print(json.dumps(figures, ensure_ascii=False))
    options.out.with_suffix(".json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _load_pieces(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pieces (n, 24, PIECE / 2) and their classes (n, PIECE / 8); what a short line leaves is paper."""
    stored = np.load(path)
    gray, classes, starts = stored["gray"], stored["classes"], stored["starts"]
    pieces, labels = [], []
    for start, stop in pairwise(starts.tolist()):
        line = lines_to_tensor([gray[:, start:stop]])[0, 0]
        for left in range(0, stop - start - 32, PIECE - 64):
            piece, label = np.zeros((24, PIECE // 2), np.float32), np.zeros(PIECE // 8, np.int64)
            part = line[:, left // 2 : (left + PIECE) // 2]
            piece[:, : part.shape[1]] = part
            told = classes[(start + left) // 8 : min((start + left + PIECE) // 8, stop // 8)]
            label[: len(told)] = told
            pieces.append(piece.astype(np.float16))
            labels.append(label)
    return np.stack(pieces), np.stack(labels)


def _train(
    model: Scout, pieces: NDArray[np.float32], labels: NDArray[np.int64], rng: np.random.Generator, minutes: float
) -> float:
    """Adam with a rate that rises and falls once (Smith, 2018) over the time there is; gives the epochs done."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    started, done, shown = time.monotonic(), 0, 0.0
    model.train()
    while (share := (time.monotonic() - started) / (60 * minutes)) < 1:
        for batch in _batches(len(pieces), rng):
            share = min((time.monotonic() - started) / (60 * minutes), 1.0)
            rate = 4e-3 * min(share / 0.1, 1.0) * 0.5 * (1 + np.cos(np.pi * max(share - 0.1, 0) / 0.9)) + 1e-6
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            pictures = _disturb(torch.from_numpy(pieces[batch].astype(np.float32))[:, None])
            loss = functional.nll_loss(model(pictures).flatten(0, 1), torch.from_numpy(labels[batch]).flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            shown = 0.98 * shown + 0.02 * float(loss.detach())
            done += len(batch)
            if (done // BATCH) % 50 == 0:
                print(f"{share:6.1%}  epoch {done / len(pieces):5.2f}  loss {shown:.4f}", flush=True)
            if share >= 1:
                break
    return done / len(pieces)


def _batches(count: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(count)
    for start in range(0, count - BATCH + 1, BATCH):
        yield order[start : start + BATCH]


def _disturb(pictures: torch.Tensor) -> torch.Tensor:
    """Pieces thickened or thinned, blurred, coarsened, paled, moved up or down, and with noise: other ones each time."""
    count = len(pictures)
    kind = torch.rand(5)
    if kind[0] < 0.15:
        pictures = 0.5 * pictures + 0.5 * functional.max_pool2d(pictures, 3, 1, 1)
    elif kind[0] < 0.3:
        pictures = 0.6 * pictures - 0.4 * functional.max_pool2d(-pictures, 3, 1, 1)
    if kind[1] < 0.3:
        pictures = functional.avg_pool2d(pictures, 3, 1, 1)
    if kind[2] < 0.25:
        scale = 0.55 + 0.35 * float(torch.rand(1))
        small = functional.interpolate(pictures, scale_factor=scale, mode="bilinear", antialias=True)
        pictures = functional.interpolate(small, size=pictures.shape[2:], mode="bilinear")
    shift = int(torch.randint(-2, 3, (1,)))
    pictures = torch.roll(pictures, shift, dims=2)
    if shift:
        pictures[:, :, slice(0, shift) if shift > 0 else slice(shift, None)] = 0
    strength = 0.6 + 0.5 * torch.rand(count, 1, 1, 1)
    noise = torch.randn_like(pictures) * 0.12 * torch.rand(count, 1, 1, 1)
    return pictures * strength + noise


def _evaluate(model: Scout, pieces: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Share of steps, of inked steps and of digits' steps that are told as the teacher tells them."""
    model.eval()
    with torch.no_grad():
        told = np.concatenate(
            [
                model(torch.from_numpy(pieces[at : at + 256].astype(np.float32))[:, None]).argmax(dim=2).numpy()
                for at in range(0, len(pieces), 256)
            ]
        )
    inked = labels > 0
    return {
        "held_out": len(pieces),
        "steps": round(float((told == labels).mean()), 5),
        "inked_steps": round(float((told == labels)[inked].mean()), 5),
    }


def _export(model: Scout, path: Path, classes: tuple[str, ...]) -> None:
    """ONNX with its classes as metadata, one character a line."""
    import onnx

    model.eval()
    sample = torch.zeros(2, 1, 24, 160)
    torch.onnx.export(
        model,
        (sample,),
        str(path),
        input_names=["pictures"],
        output_names=["log_probs"],
        dynamic_axes={"pictures": {0: "n", 3: "w"}, "log_probs": {0: "n", 1: "steps"}},
        dynamo=False,
    )
    stored = onnx.load(str(path))
    onnx.helper.set_model_props(stored, {"classes": "\n".join(classes)})
    onnx.save(stored, str(path))


if __name__ == "__main__":
    sys.exit(main())
