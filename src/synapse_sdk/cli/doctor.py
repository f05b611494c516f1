"""`synapse doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("error", "red")}


@click.command("doctor")
@with_output
def doctor(output: Output) -> int:
    """Show every setting with its origin, and what is wrong with the command that mends it."""
    from synapse_sdk.doctor import examine

    report = examine()
    if output.as_json:
        output.document(
            {
                "healthy": report.is_healthy,
                "settings": [setting._asdict() for setting in report.settings],
                "findings": [asdict(finding) for finding in report.findings],
            }
        )
        return ExitCode.DONE if report.is_healthy else ExitCode.FAILED
    if report.settings:
        output.table(
            ["setting", "value", "from"], [(item.name, item.value, item.origin) for item in report.settings]
        )
        output.text()
    for finding in report.findings:
        word, colour = _MARKS[finding.severity]
        mark = output.style(f"{word:<7}", fg=colour, stream=output.out)
        output.text(f"{mark}  {finding.topic:<11}  {finding.text}")
        if finding.mend:
            output.text(f"{'':7}  {'':11}  mend it: {finding.mend}")
    return ExitCode.DONE if report.is_healthy else ExitCode.FAILED
