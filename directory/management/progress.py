"""Progress of long work: one line that is rewritten on a terminal, a few plain lines anywhere else."""

from collections.abc import Callable
from typing import Any, TextIO, cast

from django.core.management.base import OutputWrapper

PLAIN_STEP_PERCENT = 25
CLEAR_LINE = "\r\x1b[K"


def progress_on(output: OutputWrapper, what: str) -> Callable[[int, str], None]:
    """Return a function that shows percent done and what is being done."""
    show = _rewriting(_stream(output), what) if output.isatty() else _plain(output, what)
    show(0, "reading")
    return show


def end_of_progress(output: OutputWrapper) -> None:
    """Clear a rewritten line, so that the next text stands alone."""
    if output.isatty():
        _stream(output).write(CLEAR_LINE)


def _rewriting(stream: TextIO, what: str) -> Callable[[int, str], None]:
    def show(percent: int, doing: str) -> None:
        stream.write(f"{CLEAR_LINE}{what}: {percent:3} % {doing}")
        stream.flush()

    return show


def _plain(output: OutputWrapper, what: str) -> Callable[[int, str], None]:
    shown: set[tuple[int, str]] = set()

    def show(percent: int, doing: str) -> None:
        step = (percent // PLAIN_STEP_PERCENT, doing)
        if step not in shown:
            shown.add(step)
            output.write(f"{what}: {percent} % {doing}")
            output.flush()

    return show


def _stream(output: OutputWrapper) -> TextIO:
    """Return the stream below a command's output: of two wrappers, the inner one would end each line."""
    inner: Any = output
    while isinstance(inner, OutputWrapper):
        inner = inner._out  # noqa: SLF001 -- Django offers no other way down
    return cast("TextIO", inner)
