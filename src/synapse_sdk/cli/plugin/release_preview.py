"""What a release would hold, for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synapse_sdk._internal.units import count_of, format_size
from synapse_sdk.cli.output import Output

if TYPE_CHECKING:
    from synapse_sdk.manifest import LeftOut
    from synapse_sdk.packaging import ReleasePlan


def show_preview(output: Output, plan: ReleasePlan, folder: Path) -> None:
    """Print every file that would travel, and what stays behind and why."""
    title = output.style(f"{plan.code} {plan.version}", bold=True)
    output.say(f"{title} · what a release of {folder.absolute()} would hold; nothing is sent")
    sizes = [format_size(planned.file.size_bytes) for planned in plan.files]
    width = max(map(len, sizes), default=0)
    for planned, size in zip(plan.files, sizes, strict=True):
        output.text(f"  {size:>{width}}  {planned.file.path}")
    output.text(f"{describe_size(plan)}, {plan.contents_digest}")
    if plan.left_out:
        output.text("\nleft out:")
    names = [_name_of(entry) for entry in plan.left_out]
    width = max(map(len, names), default=0)
    for entry, name in zip(plan.left_out, names, strict=True):
        output.text(f"  {name:<{width}}  {entry.rule} ({entry.reason})")
    show_allowed_secrets(output, plan)


def show_allowed_secrets(output: Output, plan: ReleasePlan) -> None:
    """Say which findings travel, because somebody said that they are no secrets."""
    for finding in plan.allowed_secrets:
        output.warn(f"allowed: {finding}")


def describe_size(plan: ReleasePlan) -> str:
    """Return how many files there are and how large they are together."""
    return f"{count_of(len(plan.files), 'file')}, {format_size(plan.size_bytes)}"


def _name_of(entry: LeftOut) -> str:
    if not entry.is_folder:
        return entry.path
    count = "" if entry.file_count is None else f" ({count_of(entry.file_count, 'file')})"
    return f"{entry.path}/{count}"
