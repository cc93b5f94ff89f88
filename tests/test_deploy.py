"""What deploy/ and the documents say to type and to set is what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from pipeline.cli import app
from pipeline.mail.settings import MailSettings
from pipeline.settings import Settings

ROOT = Path(__file__).parents[1]

TEXTS = sorted(
    path for folder in ("deploy", "docs") for path in (ROOT / folder).iterdir() if path.suffix not in {".jpg", ".png"}
)

SETTINGS = {f"KUOHAO_{name.upper()}" for name in Settings.model_fields} | {
    f"KUOHAO_MAIL_{name.upper()}" for name in MailSettings.model_fields
}

COMMAND = re.compile(r"(?:^ExecStart=|^\s+command: |bin/|run --rm server )(?:\S*bin/)?(kuohao [^>#\n]+)", re.MULTILINE)


@pytest.mark.parametrize("path", [*TEXTS, ROOT / "README.md"], ids=lambda path: path.name)
def test_settings_that_are_named_are_settings(path: Path) -> None:
    """Each KUOHAO_… in a text is one that the program reads."""
    named = set(re.findall(r"KUOHAO_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
    assert named <= SETTINGS


def test_commands_that_are_deployed_can_be_typed() -> None:
    """Each kuohao command in deploy/ is one, with options that it has."""
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group, which Typer's types do not tell
    typed = [line for path in sorted((ROOT / "deploy").iterdir()) for line in COMMAND.findall(path.read_text("utf-8"))]
    assert len(typed) >= 4
    for line in typed:
        _, name, *words = shlex.split(line)
        assert name in commands, line
        command = commands[name]
        command = command.commands[words[0]] if words and words[0] in getattr(command, "commands", {}) else command
        options = {word for parameter in command.params for word in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_dask_knows_what_it_is_configured_by() -> None:
    """Each setting of deploy/dask.yaml is one that Dask has, by that very name."""
    import distributed  # noqa: F401  # brings its own settings
    from dask import config

    def names(settings: object, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if not isinstance(settings, dict):
            return {above}
        return {name for key, below in settings.items() for name in names(below, (*above, str(key)))}

    [ours] = config.collect_yaml([str(ROOT / "deploy" / "dask.yaml")])
    known = names(config.global_config)
    assert names(ours) <= known | {("distributed", "scheduler", "work-stealing-interval")}
