"""The digit readers' nets: strided convolutions over a picture of a slot, then some along its steps, with a CTC output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from extractors.digits import CLASSES, PEN_LOOK, PRINT_LOOK, STEP, Look

# Steps between what the convolutions along the steps look at.
DILATIONS = (1, 3, 9)


@dataclass(frozen=True)
class Plan:
    """A net's layers: channels of those that halve the height, the last of which folds what is left of it.

    `plain` layers at the front are not normalised: there that costs more time than the convolution, and a net that goes on
    from trained weights does without. `again` puts one more convolution where the height is least.
    """

    channels: tuple[int, ...] = (24, 48, 96, 128, 160)
    plain: int = 0
    again: bool = False


PLANS: Mapping[Look, Plan] = {PRINT_LOOK: Plan(), PEN_LOOK: Plan(plain=3, again=True)}


class DigitNet(nn.Module):
    """(n, planes, height, w) to log posteriors (n, w / STEP, 1 + classes), and to how likely a pen wrote there (n,).

    Strides, not poolings: on a CPU these and what goes with them take more time than convolutions. What is struck shows
    over a whole number, so the last convolution looks nine steps far.
    """

    def __init__(self, look: Look, plan: Plan | None = None) -> None:
        super().__init__()
        plan = plan or PLANS[look]
        *rows, last = plan.channels

        def block(ins: int, outs: int, kernel: int, stride: tuple[int, int], *, plain: bool) -> list[nn.Module]:
            conv = nn.Conv2d(ins, outs, kernel, stride=stride, padding=kernel // 2, bias=plain)
            return [conv, nn.ReLU()] if plain else [conv, nn.BatchNorm2d(outs), nn.ReLU()]

        layers, high = [block(look.planes, rows[0], 5, (2, STEP), plain=plan.plain > 0)], -(-look.height // 2)
        for place, (ins, outs) in enumerate(pairwise(rows), start=1):
            layers.append(block(ins, outs, 3, (2, 1), plain=plan.plain > place))
            high = -(-high // 2)
        self.rows = nn.ModuleList(nn.Sequential(*layer) for layer in layers)
        self.again = nn.Sequential(*block(rows[-1], rows[-1], 3, (1, 1), plain=False)) if plan.again else None
        # What is left of the height goes at once.
        fold = nn.Conv2d(rows[-1], last, (high, 1), bias=False)
        self.fold = nn.Sequential(fold, nn.BatchNorm2d(last), nn.ReLU())

        def along(dilation: int) -> nn.Sequential:
            conv = nn.Conv1d(last, last, 3, padding=dilation, dilation=dilation, bias=False)
            return nn.Sequential(conv, nn.BatchNorm1d(last), nn.ReLU())

        self.along = nn.ModuleList(along(dilation) for dilation in DILATIONS)
        self.out = nn.Conv1d(last, 1 + len(CLASSES), 1)
        self.by_pen = nn.Linear(last, 1)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen = pictures
        for layer in self.rows:
            seen = layer(seen)
        if self.again is not None:
            seen = seen + self.again(seen)
        steps = self.fold(seen).squeeze(2)
        for layer in self.along:
            steps = steps + layer(steps)
        within = functional.avg_pool1d(pictures[:, 1, :1], STEP)
        looked = (steps * within).sum(dim=2) / (within.sum(dim=2) + 1.0)
        told = functional.log_softmax(self.out(steps).float(), dim=1).transpose(1, 2)
        return told, torch.sigmoid(self.by_pen(looked))[:, 0]


def start_from(net: DigitNet, other: DigitNet) -> None:
    """Let a net begin with what another one has learnt, whatever its look: of another height, with a plane more.

    Normalisation is folded into layers that have none; a plane that the other does not see begins at 0, a layer that it
    does not have near it.
    """
    with torch.no_grad():
        for own, old in zip(net.rows, other.rows, strict=True):
            _take_layer(own, old)
        if net.again is not None:
            # Not 0: a rectifier at 0 never learns.
            nn.init.constant_(net.again[1].weight, 0.1)
        _take_layer(net.fold, other.fold)
        high, before = net.fold[0].weight.shape[2], other.fold[0].weight.shape[2]
        kernel = functional.interpolate(other.fold[0].weight, size=(high, 1), mode="bilinear", align_corners=True)
        net.fold[0].weight.copy_(kernel * (before / high))
    for name in ("along", "out", "by_pen"):
        getattr(net, name).load_state_dict(getattr(other, name).state_dict())


def _take_layer(own: nn.Sequential, old: nn.Sequential) -> None:
    weight, norm = old[0].weight, old[1]
    if isinstance(own[1], nn.BatchNorm2d):
        own[1].load_state_dict(norm.state_dict())
    else:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = weight * scale[:, None, None, None]
        own[0].bias.copy_(norm.bias - norm.running_mean * scale)
    if own[0].weight.shape[2:] == weight.shape[2:]:
        own[0].weight.zero_()
        own[0].weight[:, : weight.shape[1]] = weight
