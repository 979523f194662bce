"""``magenta-bridge doctor``: what is installed, what works, what to do about the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from magenta_bridge.cli.doctor.check_result import Finding, Verdict, fail
from magenta_bridge.cli.options.types import ANY_PATH

_COLORS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}

_EXAMPLES = """\b
Examples:
  magenta-bridge doctor
  magenta-bridge doctor --bundles my_bundles     before you serve them
  magenta-bridge doctor --json > report.json     to send along when you ask for help
"""

Check = Callable[[], "Finding | Iterable[Finding]"]


@click.command(epilog=_EXAMPLES)
@click.option(
    "--bundles", type=ANY_PATH, help="A folder of .mag files to check as well, before it is served."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def doctor(ctx: click.Context, bundles: Path | None, as_json: bool) -> None:
    """Check this installation and say what to do.

    Each line says OK, WARN (something optional is missing) or FAIL. The exit status is 1 when
    any line says FAIL.
    """
    findings = []
    for finding in _examine([*_checks(), *_folder_checks(bundles)]):
        findings.append(finding)
        if not as_json:
            _show(finding)
    healthy = all(finding.verdict is not Verdict.FAIL for finding in findings)
    if as_json:
        rows = [
            {
                "verdict": finding.verdict.value,
                "subject": finding.subject,
                "text": finding.text,
                "advice": finding.advice,
            }
            for finding in findings
        ]
        click.echo(json.dumps({"healthy": healthy, "checks": rows}, indent=2))
    ctx.exit(0 if healthy else 1)


def _checks() -> list[Check]:
    from magenta_bridge.cli.doctor.install import check_packages, check_python, check_training
    from magenta_bridge.cli.doctor.midi import check_midi_ports
    from magenta_bridge.cli.doctor.music import check_bundles, check_sound_font
    from magenta_bridge.cli.doctor.server import check_port

    return [
        check_python,
        check_packages,
        check_training,
        check_sound_font,
        check_bundles,
        check_port,
        check_midi_ports,
    ]


def _folder_checks(folder: Path | None) -> list[Check]:
    if folder is None:
        return []
    from magenta_bridge.cli.doctor.music import check_bundle_folder

    def check_bundles_of_the_folder() -> Iterable[Finding]:
        return check_bundle_folder(folder)

    return [check_bundles_of_the_folder]


def _examine(checks: Iterable[Check]) -> Iterator[Finding]:
    """Runs checks one by one; a check that breaks is itself a finding."""
    for check in checks:
        try:
            found = check()
            yield from [found] if isinstance(found, Finding) else found
        except Exception as error:  # noqa: BLE001 - a doctor must survive what it examines
            told = f"{type(error).__name__}: {error}"
            subject = check.__name__.removeprefix("check_").replace("_", " ")
            yield fail(subject, told, "Reinstall: pip install --force-reinstall magenta-bridge")


def _show(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict.value:4}", fg=_COLORS[finding.verdict], bold=True)
    click.echo(f"{verdict}  {finding.subject}: {finding.text}")
    if finding.advice:
        click.echo(f"      {finding.advice}")
