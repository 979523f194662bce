"""Starts what ``magenta-bridge midi`` needs: server, ports, player and its supervisor."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from magenta_bridge.errors import MagentaBridgeError, NotFoundError, UnsupportedError
from magenta_bridge.midi.process.port_discovery import Survey, choose, survey
from magenta_bridge.midi.process.settings import CONTROLS, ECHO, Musician, PortChoice, Settings

if TYPE_CHECKING:
    from magenta_bridge.cli.midi.recording import Recording

Say = Callable[[str], None]

_DEFAULT_GENERATOR: Final = "lstm_melody"
_LOG_LEVELS: Final = {"WARN": "WARNING", "FATAL": "CRITICAL"}
_MUSICIAN: Final = re.compile(r"(?P<port>[^=]+)=(?P<generator>[^@]+)(@(?P<channel>\d{1,2}))?")


@dataclass(frozen=True)
class _Server:
    """Who answers.

    Attributes:
        address: ``HOST:PORT``.
        generators: Ids to choose from, in the user's order.
    """

    address: str
    generators: tuple[str, ...]


def list_all_ports() -> None:
    """Prints the ports there are, or in one sentence why there are none."""
    try:
        found = survey()
    except UnsupportedError as error:
        click.echo(error.message)
        return
    click.echo(_port_lines(found))


def run_midi(**options: Any) -> None:  # noqa: ANN401 - as the command was given
    """Plays until Ctrl-C; options as for the command.

    Raises:
        MagentaBridgeError: It cannot start, or ended by a fault.
    """
    from magenta_bridge.cli.midi.line_view import open_view
    from magenta_bridge.cli.midi.recording import Recording, make_room
    from magenta_bridge.midi.process.open_ports import guard_of
    from magenta_bridge.midi.process.player_process import play
    from magenta_bridge.midi.process.supervisor import Restart, Supervisor

    record: Path | None = options["record"]
    if record is not None:
        make_room(record)
    recording = Recording(options["qpm"], options["playback_channel"])
    with (
        _kept(recording, record),
        open_view(drawn=options["ui"]) as view,
        _serving(options, view.say) as server,
    ):
        settings = _settings(options, server, view.say)

        def hear(report: object) -> None:
            if isinstance(report, tuple):
                view.hear(*report)
                recording.hear(*report)

        view.begin(settings)
        guards = [guard_of(choice) for choice in settings.all_outputs]
        once = settings.simulated is not None
        Supervisor(
            play,
            (settings,),
            guards,
            restart=None if once else Restart(),
            on_report=hear,
            on_trouble=view.say,
        ).run()
    click.echo("Stopped.")


@contextlib.contextmanager
def _kept(recording: Recording, path: Path | None) -> Iterator[None]:
    """Saves what was played in the block, however the block ends."""
    try:
        yield
    finally:
        if path is not None and recording.music().notes:
            recording.save(path)
            click.echo(f"{path} holds calls and responses.")


@contextlib.contextmanager
def _serving(options: dict[str, Any], say: Say) -> Iterator[_Server]:
    """Yields who answers; a private server ends with the block."""
    from magenta_bridge.cli.midi.managed_server import PrivateServer

    named = _words(options["generators"])
    if options["server"] is not None:
        if options["bundle_files"]:
            raise click.UsageError("Say either --bundle-files or --server, not both.")
        yield _Server(options["server"], named or (_DEFAULT_GENERATOR,))
        return
    bundles = [Path(word) for word in _words(options["bundle_files"])]
    for path in bundles:
        if not path.is_file():
            raise NotFoundError(f"There is no bundle {path}.")
    with PrivateServer(bundles, say) as server:
        chosen = named or tuple(_bundle_ids(bundles)) or (_DEFAULT_GENERATOR,)
        yield _Server(server.address, chosen)


def _bundle_ids(bundles: Sequence[Path]) -> list[str]:
    from magenta_bridge.noteseq import GeneratorBundle

    # The server has read them already, and complains better.
    return [GeneratorBundle.FromString(path.read_bytes()).generator_details.id for path in bundles]


def _settings(options: dict[str, Any], server: _Server, say: Say) -> Settings:
    controls = {
        name: options[f"{name}_control_number"]
        for name in CONTROLS
        if options[f"{name}_control_number"] is not None
    }
    inputs, outputs, clock_ports, others = _ports(options, say)
    if options["learn_controls"]:
        from magenta_bridge.cli.midi.learning import learn_controls

        controls = learn_controls(controls, inputs)
    if len(server.generators) > 1 and "generator_select" not in controls:
        say(
            f"Only {server.generators[0]} will answer: to choose among several, say "
            "--generator-select-control-number."
        )
    ticking = (
        options["enable_metronome"] and "clock" not in controls and options["clock"] == "internal"
    )
    simulated: Path | None = options["simulate"]
    log = options["log"].upper()
    return Settings(
        server=server.address,
        musicians=(Musician(inputs, server.generators, options["playback_channel"]), *others),
        outputs=outputs,
        qpm=options["qpm"],
        mode=options["mode"],
        clock=options["clock"],
        clock_ports=clock_ports,
        passthrough=options["passthrough"],
        allow_overlap=options["allow_overlap"],
        metronome_channel=options["metronome_channel"] if ticking else None,
        playback_offset=options["playback_offset"],
        humanize=options["humanize"],
        controls=controls,
        simulated=None if simulated is None else _read_call(simulated),
        log=_LOG_LEVELS.get(log, log),
    )


def _ports(
    options: dict[str, Any],
    say: Say,
) -> tuple[
    tuple[PortChoice, ...], tuple[PortChoice, ...], tuple[PortChoice, ...], tuple[Musician, ...]
]:
    """Returns the ports to hear, to play to, to send a clock to, and the further musicians."""
    inputs, outputs = _words(options["input_ports"]), _words(options["output_ports"])
    clocks = _words(options["clock_ports"])
    others = [_read_musician(text) for text in options["musicians"]]
    if options["simulate"] is not None:
        inputs = (ECHO,)
    wanted = [*inputs, *outputs, *clocks, *(name for name, _, _ in others)]
    found = Survey((), ())
    if any(name != ECHO for name in wanted):
        answer = _survey_or_echo(options, say)
        if answer is None:
            outputs, clocks = (ECHO,), ()
        else:
            found = answer
    heard = tuple(choose(name, found.inputs) for name in inputs)
    played = tuple(choose(name, found.outputs) for name in outputs)
    clocked = tuple(choose(name, found.outputs) for name in clocks)
    musicians = tuple(
        Musician((choose(name, found.inputs),), (generator,), channel)
        for name, generator, channel in others
    )
    _tell_of_virtual_ports(
        [*heard, *played, *clocked, *(m.inputs[0] for m in musicians)], found, say
    )
    return heard, played, clocked, musicians


def _survey_or_echo(options: dict[str, Any], say: Say) -> Survey | None:
    """Returns the ports; None when a simulated musician has to do without."""
    try:
        return survey()
    except UnsupportedError as error:
        if options["simulate"] is None:
            raise
        say(f"{error.message} The simulation plays to nobody.")
        return None


def _tell_of_virtual_ports(choices: Sequence[PortChoice], found: Survey, say: Say) -> None:
    made = [choice.name for choice in choices if choice.virtual]
    if made:
        say(
            f"No port is called {' or '.join(map(repr, made))}: made here, for other programs to "
            f"connect to.\n{_port_lines(found)}"
        )


def _port_lines(found: Survey) -> str:
    inputs = ", ".join(map(repr, found.inputs)) or "none"
    outputs = ", ".join(map(repr, found.outputs)) or "none"
    return f"Input ports: {inputs}\nOutput ports: {outputs}"


def _read_musician(text: str) -> tuple[str, str, int]:
    match = _MUSICIAN.fullmatch(text)
    channel = int(match["channel"] or 0) if match else 0
    if match is None or channel > 15:
        raise click.BadParameter(
            f"{text!r} is not PORT=GENERATOR or PORT=GENERATOR@CHANNEL, such as "
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
        raise MagentaBridgeError(f"{path} holds no notes to play.")
    return call.SerializeToString()


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
