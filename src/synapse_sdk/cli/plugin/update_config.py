"""`synapse plugin update-config`."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from synapse_sdk._internal.units import count_of
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode


@click.command("update-config")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Custom config file path.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when code and config differ.")
@with_output
def update_config(output: Output, path: Path | None, config: Path | None, check: bool) -> int:
    """Bring config.yaml up to date with the code.

    Writes input and output types and methods that the action classes declare, and adds actions that the
    config does not have yet. Only the lines that must differ are touched.
    """
    from synapse_sdk.plugins.config_sync import plan_sync, write_sync

    plan = plan_sync(config or path or Path.cwd())
    for warning in plan.warnings:
        output.warn(warning)
    if not check:
        write_sync(plan)
    if output.as_json:
        output.document(
            {
                "file": str(plan.file),
                "written": bool(plan.changes) and not check,
                "changes": [
                    {"action": item.action, "key": item.key, "old": item.old, "new": item.new}
                    for item in plan.changes
                ],
                "warnings": list(plan.warnings),
            }
        )
    elif not plan.changes:
        output.say(f"{plan.file.name} is up to date with the code.")
    else:
        for line in unified_diff(
            plan.old_text.splitlines(), plan.new_text.splitlines(), "before", plan.file.name, lineterm="", n=2
        ):
            output.text(line)
        word = "would change" if check else "changed"
        output.say(f"{plan.file.name} {word}: {count_of(len(plan.changes), 'value')}.")
    return ExitCode.FAILED if check and plan.changes else ExitCode.DONE
