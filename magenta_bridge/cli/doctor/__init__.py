"""``magenta-bridge doctor``: check the installation and say how to fix it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from magenta_bridge.cli.doctor import checks
from magenta_bridge.cli.doctor.checks import CheckResult, Verdict
from magenta_bridge.cli.options.types import ANY_PATH

_COLORS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}

_EXAMPLES = """\b
Examples:
  magenta-bridge doctor
  magenta-bridge doctor --bundles my_bundles     before you serve them
  magenta-bridge doctor --json > report.json     to attach when you ask for help
"""

Check = Callable[[], "CheckResult | Iterable[CheckResult]"]
_CHECKS: dict[str, Check] = {
    "python": checks.check_python,
    "packages": checks.check_packages,
    "training": checks.check_training,
    "soundfont": checks.check_sound_font,
    "bundles": checks.check_bundles,
    "server": checks.check_port,
    "midi ports": checks.check_midi_ports,
}


@click.command(epilog=_EXAMPLES)
@click.option(
    "--bundles", type=ANY_PATH, help="Also check the .mag files of this folder before serving it."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def doctor(ctx: click.Context, bundles: Path | None, as_json: bool) -> None:
    """Check the installation and say how to fix it.

    Each line says OK, WARN (something optional is missing) or FAIL. The exit status is 1 if
    any line says FAIL.
    """
    selected = dict(_CHECKS)
    if bundles is not None:
        selected["bundle folder"] = functools.partial(checks.check_bundle_folder, bundles)
    results = []
    for result in _run(selected):
        results.append(result)
        if not as_json:
            _print(result)
    healthy = all(result.verdict is not Verdict.FAIL for result in results)
    if as_json:
        rows = [
            {
                "verdict": result.verdict.value,
                "subject": result.subject,
                "text": result.text,
                "advice": result.advice,
            }
            for result in results
        ]
        click.echo(json.dumps({"healthy": healthy, "checks": rows}, indent=2))
    ctx.exit(0 if healthy else 1)


def _run(selected: dict[str, Check]) -> Iterator[CheckResult]:
    """Run the checks in order; a check that raises is itself a failure."""
    for subject, check in selected.items():
        try:
            found = check()
            yield from [found] if isinstance(found, CheckResult) else found
        except Exception as error:  # noqa: BLE001 - the other checks must still run
            message = f"{type(error).__name__}: {error}"
            yield checks.fail(subject, message, checks.REINSTALL)


def _print(result: CheckResult) -> None:
    verdict = click.style(f"{result.verdict.value:4}", fg=_COLORS[result.verdict], bold=True)
    click.echo(f"{verdict}  {result.subject}: {result.text}")
    if result.advice:
        click.echo(f"      {result.advice}")
