"""A form file's id, and what was doubtful about it when it was made, told in the file itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.forms.doubts import Doubt
from pipeline.words import pick

# How a form file tells what was doubtful when it was made.
DOUBT = "# - "

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def with_comments(text: str, doubts: Sequence[Doubt], *, chinese: bool) -> str:
    """A form file with what a person should look at as comments at its top."""
    if not doubts:
        return text
    told = [doubt.told(chinese=chinese).replace("\n", " ") for doubt in doubts]
    return f"# {pick('请核对：', 'Please look at:')}\n" + "".join(f"{DOUBT}{line}\n" for line in told) + "\n" + text
