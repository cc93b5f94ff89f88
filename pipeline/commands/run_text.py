"""What a run made, told on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.commands.run import Summary
from pipeline.stages import Stage
from pipeline.words import pick, speaks_chinese

SHOWN = 5
"""Stages of reading that are told: with the others' names a line would be longer than a terminal is wide."""


def show_summary(summary: Summary, output: Path) -> None:
    """Print what a run made and where, and where its time went."""
    console = Console(soft_wrap=True)
    console.print(
        pick(
            f"报表 {summary.returns} 份，其中 {summary.clear} 份无需审核；括号 {summary.slots} 个，"
            f"待审核 {summary.flagged} 个；无法处理的文件 {len(summary.failed)} 个。",
            f"{summary.returns} returns, {summary.clear} of them clear; {summary.slots} slots, "
            f"{summary.flagged} flagged; {len(summary.failed)} files failed.",
        ),
        highlight=False,
    )
    for name, error in summary.failed.items():
        console.print(f"  {escape(name)}: {escape(error.told(chinese=speaks_chinese()))}", style="red", highlight=False)
    if summary.left_alone:
        left = summary.left_alone
        console.print(pick(f"另有 {left} 个文件不是报表，未处理。", f"{left} other files left alone."), highlight=False)
    if summary.seconds:
        console.print(told_seconds(summary.seconds), highlight=False)
    made = ("returns.csv", "slots.csv", "review.csv", "failed.csv", "overlays/", "crops/")
    console.print(pick("结果：", "Made: ") + "  ".join(str(output / name) for name in made), highlight=False)


def told_seconds(seconds: Mapping[Stage, float]) -> str:
    """Where the time of reading went: all processes' together, and the stages that took most of it."""
    whole = sum(seconds.values())
    most = sorted(seconds, key=lambda stage: -seconds[stage])[:SHOWN]
    parts = "  ".join(f"{pick(stage.chinese, stage.value)} {seconds[stage] / whole:.0%}" for stage in most)
    return pick(f"读取用时（各进程合计）{whole:.0f} 秒：{parts}", f"Reading took {whole:.0f} s in all processes: {parts}")
