"""`synapse plugin check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from synapse_sdk._internal.units import count_of
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode


@click.command("check")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Custom config file path.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--import", "imports", is_flag=True, help="Also import every action's module.")
@with_output
def check(output: Output, path: Path | None, config: Path | None, strict: bool, imports: bool) -> int:
    """Find mistakes without running anything: config, entrypoints, types, requirements, wheels, secrets."""
    from synapse_sdk.packaging.check import check_plugin

    report = check_plugin(config or path or Path.cwd(), imports=imports)
    is_clean = report.is_clean(strict=strict)
    if output.as_json:
        output.document({"ok": is_clean, "problems": [asdict(problem) for problem in report.problems]})
        return ExitCode.DONE if is_clean else ExitCode.ASKED_WRONGLY
    for problem in report.problems:
        if problem.severity == "warning":
            output.warn(problem.text, hint=problem.hint)
        else:
            output.error(problem.text, hint=problem.hint)
    errors = sum(problem.severity == "error" for problem in report.problems)
    warnings = len(report.problems) - errors
    if report.checked is not None:
        code = report.checked.config
        title = f"{code.code} {code.version}: "
    else:
        title = ""
    found = (
        f"{count_of(errors, 'error')}, {count_of(warnings, 'warning')}" if report.problems else "no problems"
    )
    output.text(f"{title}{found}")
    if is_clean and not report.problems:
        output.say("Next: synapse plugin test, then synapse plugin publish --dry-run")
    return ExitCode.DONE if is_clean else ExitCode.ASKED_WRONGLY
