"""Run ``magenta-bridge midi``: server, ports, player, and supervisor."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from magenta_bridge.errors import MagentaBridgeError, NotFoundError, UnsupportedError
from magenta_bridge.midi.ports.names import same_port, shown_names
from magenta_bridge.midi.process.port_discovery import PortNames, choose_port, discover_ports
from magenta_bridge.midi.process.settings import (
    CONTROLS,
    ECHO,
    MidiSettings,
    Musician,
    PortChoice,
)

if TYPE_CHECKING:
    from magenta_bridge.cli.midi.line_view import LineView
    from magenta_bridge.cli.midi.recording import Recording
    from magenta_bridge.cli.midi.rich_view import RichView
    from magenta_bridge.midi.process.supervisor import Supervisor

Show = Callable[[str], None]

_DEFAULT_GENERATOR: Final = "lstm_melody"
_LOG_LEVELS: Final = {"WARN": "WARNING", "FATAL": "CRITICAL"}
# Options that are settings of the same name.
_SAME_SETTINGS: Final = (
    "qpm", "mode", "clock", "time_signature", "passthrough", "allow_overlap", "playback_offset",
    "humanize",
)  # fmt: skip
# Keys of the drawn view and the commands that they send to the player.
_KEYS: Final = {"p": "panic", "b": "bar"}
_MUSICIAN: Final = re.compile(r"(?P<port>[^=]+)=(?P<generator>[^@]+)(@(?P<channel>\d{1,2}))?")


def list_all_ports() -> None:
    """Print the available ports, or why there are none."""
    try:
        click.echo(_port_lines(discover_ports()))
    except UnsupportedError as error:
        click.echo(error.message)


def run_midi(**options: Any) -> None:  # noqa: ANN401 - the command's options
    """Play until Ctrl-C; options as for the command.

    Raises:
        MagentaBridgeError: The session cannot start, or ended because of an error.
    """
    from magenta_bridge.cli.midi.recording import Recording, prepare
    from magenta_bridge.midi.process.panic_process import PORTS_ARE_SHARED, GuardedPort
    from magenta_bridge.midi.process.player_process import play
    from magenta_bridge.midi.process.supervisor import RestartPolicy, Supervisor

    record: Path | None = options["record"]
    if record is not None:
        prepare(record)
    recording = Recording(options["qpm"], options["time_signature"], options["playback_channel"])
    with (
        saved(recording, record),
        _open_view(drawn=options["ui"]) as view,
        _server(options, view.show) as (address, generators),
    ):
        settings = _settings(options, address, generators, view.show)

        def on_report(report: object) -> None:
            if isinstance(report, tuple):
                view.on_event(*report)
                recording.on_event(*report)

        view.begin(settings)
        supervisor = Supervisor(
            play,
            (settings,),
            [
                # A virtual port is opened only when it is needed.
                GuardedPort(choice.open_output, early=PORTS_ARE_SHARED and not choice.virtual)
                for choice in settings.all_outputs
            ],
            restart=None if settings.simulated is not None else RestartPolicy(),
            on_report=on_report,
            on_trouble=view.show,
        )
        with _keys(supervisor) if view.is_drawn else contextlib.nullcontext():
            supervisor.run()
    click.echo("Stopped.")


def _keys(supervisor: Supervisor) -> contextlib.AbstractContextManager[None]:
    """Send the commands of keys to the player within the block."""
    from magenta_bridge.cli.midi.keys import read_keys

    def on_key(key: str) -> None:
        command = _KEYS.get(key.lower())
        if command is not None:
            supervisor.command(command)

    return read_keys(on_key)


@contextlib.contextmanager
def saved(recording: Recording, path: Path | None) -> Iterator[None]:
    """Save the recording at the end of the block, even after an error."""
    try:
        yield
    finally:
        if path is not None and recording.music().notes:
            try:
                saved = recording.save(path)
            except NotFoundError:
                # What was played cannot be played again.
                saved = recording.save(Path(tempfile.gettempdir()) / path.name)
                click.echo(f"Saved calls and responses to {saved} instead.", err=True)
                raise
            click.echo(f"Saved calls and responses to {saved}.")


@contextlib.contextmanager
def _server(options: dict[str, Any], show: Show) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the server's address and the generator IDs; a managed server ends with the block."""
    from magenta_bridge.cli.midi.managed_server import ManagedServer
    from magenta_bridge.noteseq import GeneratorBundle

    named = _split(options["generators"])
    if options["server"] is not None:
        if options["bundle_files"]:
            raise click.UsageError("--bundle-files cannot be combined with --server.")
        yield options["server"], named or (_DEFAULT_GENERATOR,)
        return
    bundles = [Path(name) for name in _split(options["bundle_files"])]
    for path in bundles:
        if not path.is_file():
            raise NotFoundError(f"Bundle {path} not found.")
    with ManagedServer(bundles, show) as server:
        # The server has already read and checked the bundles.
        details = [GeneratorBundle.FromString(p.read_bytes()).generator_details for p in bundles]
        yield server.address, named or tuple(d.id for d in details) or (_DEFAULT_GENERATOR,)


def _settings(
    options: dict[str, Any], address: str, generators: tuple[str, ...], show: Show
) -> MidiSettings:
    controls = {
        name: options[f"{name}_control_number"]
        for name in CONTROLS
        if options[f"{name}_control_number"] is not None
    }
    inputs, outputs, clock_ports, others = _ports(options, show)
    if options["learn_controls"]:
        from magenta_bridge.cli.midi.learning import learn_controls

        controls = learn_controls(controls, inputs)
    if len(generators) > 1 and "generator_select" not in controls:
        show(
            f"Only {generators[0]} answers; to select among several generators, use "
            "--generator-select-control-number."
        )
    metronome = (
        options["enable_metronome"] and "clock" not in controls and options["clock"] == "internal"
    )
    log = options["log"].upper()
    return MidiSettings(
        server=address,
        musicians=(Musician(inputs, generators, options["playback_channel"]), *others),
        outputs=outputs,
        clock_ports=clock_ports,
        metronome_channel=options["metronome_channel"] if metronome else None,
        controls=controls,
        simulated=options["simulate"] and _read_call(options["simulate"]),
        log=_LOG_LEVELS.get(log, log),
        **{name: options[name] for name in _SAME_SETTINGS},
    )


_Choices = tuple[PortChoice, ...]


def _ports(
    options: dict[str, Any], show: Show
) -> tuple[_Choices, _Choices, _Choices, tuple[Musician, ...]]:
    """Return the input, output and clock ports, and the additional musicians."""
    inputs, outputs = _split(options["input_ports"]), _split(options["output_ports"])
    clocks = _split(options["clock_ports"])
    others = [_parse_musician(text) for text in options["musicians"]]
    if options["simulate"] is not None:
        inputs = (ECHO,)
    found = PortNames((), ())
    if any(name != ECHO for name in [*inputs, *outputs, *clocks, *(name for name, *_ in others)]):
        try:
            found = discover_ports()
        except UnsupportedError as error:
            if options["simulate"] is None:
                raise
            show(f"{error.message} The simulation runs without an output.")
            outputs, clocks = (ECHO,), ()
    chosen_inputs = tuple(choose_port(name, found.inputs) for name in inputs)
    chosen_outputs = tuple(choose_port(name, found.outputs) for name in outputs)
    chosen_clocks = tuple(choose_port(name, found.outputs) for name in clocks)
    musicians = tuple(
        Musician((choose_port(name, found.inputs),), (generator,), channel)
        for name, generator, channel in others
    )
    played_on = [*chosen_inputs, *(port for each in musicians for port in each.inputs)]
    for choice in played_on:
        if choice.name != ECHO and any(same_port(choice.name, o.name) for o in chosen_outputs):
            show(
                f"Input and output are the same port, {choice.name!r}: what is sent may come back "
                "as input. Name two ports."
            )
    choices = [*played_on, *chosen_outputs, *chosen_clocks]
    virtual = [repr(choice.name) for choice in choices if choice.virtual]
    if virtual:
        show(f"Created virtual ports because no port has the name: {', '.join(virtual)}.")
        show(_port_lines(found))
    return chosen_inputs, chosen_outputs, chosen_clocks, musicians


def _port_lines(found: PortNames) -> str:
    inputs = ", ".join(map(repr, shown_names(found.inputs))) or "none"
    outputs = ", ".join(map(repr, shown_names(found.outputs))) or "none"
    return f"Input ports: {inputs}\nOutput ports: {outputs}"


def _parse_musician(text: str) -> tuple[str, str, int]:
    match = _MUSICIAN.fullmatch(text)
    channel = int(match["channel"] or 0) if match else 0
    if match is None or channel > 15:
        raise click.BadParameter(
            f"{text!r} does not have the form PORT=GENERATOR or PORT=GENERATOR@CHANNEL, such as "
            "'Keys 2=gru_melody@1'.",
            param_hint="--musician",
        )
    return match["port"].strip(), match["generator"].strip(), channel


def _read_call(path: Path) -> bytes:
    from magenta_bridge.formats import read

    warnings: list[str] = []
    call = read(path, warnings=warnings)
    for warning in warnings:
        click.echo(f"{path.name}: {warning}", err=True)
    if not call.notes:
        raise MagentaBridgeError(f"{path} does not contain notes.")
    return call.SerializeToString()


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


@contextlib.contextmanager
def _open_view(*, drawn: bool) -> Iterator[LineView | RichView]:
    """Yield a drawn view if requested and possible, otherwise a line view."""
    if drawn and sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
        from magenta_bridge.cli.midi.rich_view import RichView

        with RichView() as view:
            yield view
    else:
        from magenta_bridge.cli.midi.line_view import LineView

        yield LineView()
