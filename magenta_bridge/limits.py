"""All limits in one table: name, value, unit, and the reason for the number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from magenta_bridge.errors import LimitExceededError

SEEDS: Final = 1 << 31  # number of seeds: from 0 to the largest int32


@dataclass(frozen=True)
class Limit:
    """One limit.

    Attributes:
        name: What is limited, as spelled in error messages and metadata.
        value: The largest accepted value, inclusive.
        unit: Unit of ``value``.
        why: The reason for the number.
        advice: What to do about a larger value; ends the message.
    """

    name: str
    value: int
    unit: str
    why: str
    advice: str = "use a shorter piece"


MIDI_FILE_BYTES: Final = Limit(
    "MIDI file size", 4 << 20, "bytes", "ten hours of dense piano; checked within a second"
)
MIDI_TRACKS: Final = Limit(
    "MIDI track count", 1_024, "tracks", "Live's largest sets stay far below; each costs memory"
)
MIDI_TICK: Final = Limit(
    "MIDI file length",
    (1 << 28) - 2,
    "ticks",
    "just below the longest delta time of MIDI; three days at 480 ticks and 120 qpm",
)
MIDI_TEMPO_CHANGES: Final = Limit(
    "MIDI tempo changes", 200_000, "changes", "a tempo automation drawn for an hour, every 20 ms"
)
MUSICXML_FILE_BYTES: Final = Limit(
    "MusicXML file size", 16 << 20, "bytes", "an hour for orchestra, not compressed"
)
MUSICXML_SCORE_BYTES: Final = Limit(
    "MusicXML score size", 32 << 20, "bytes", "unpacked; a small archive can unpack to far more"
)
MUSICXML_ELEMENTS: Final = Limit(
    "MusicXML score size",
    1_000_000,
    "elements",
    "twenty for each of 50,000 notes; each costs memory",
)
ARCHIVE_BYTES: Final = Limit(
    "size of an archive of music",
    4 << 30,
    "bytes",
    "unpacked; three times the largest dataset's",
    advice="unpack it, and give the folder",
)
ARCHIVE_MUSIC_BYTES: Final = Limit(
    "music in an archive",
    1 << 30,
    "bytes",
    "unpacked into memory; about 100,000 files",
    advice="unpack it, and give the folder",
)
SEQUENCE_NOTES: Final = Limit(
    "NoteSequence size", 50_000, "notes", "about 1.2 MB on the wire, under gRPC's 4 MiB"
)
SEQUENCE_SECONDS: Final = Limit(
    "NoteSequence length", 6 * 3600, "seconds", "no clip is longer; bounds the step count"
)
PRIMER_STEPS: Final = Limit(
    "primer context", 4_096, "steps", "256 bars of 4/4; beyond that only the newest steps are read"
)
PRIMER_EVENTS: Final = Limit(
    "primer context", 32_768, "events", "seven notes in each of those steps, a second of work"
)
GENERATE_STEPS: Final = Limit(
    "generated length", 16_384, "steps", "1024 bars of 4/4, seconds of work on one core"
)
VARIATIONS: Final = Limit(
    "variations", 16, "sequences", "twice what a front end shows; bounds the work of one request"
)
MESSAGE_BYTES: Final = Limit(
    "message size", 4 << 20, "bytes", "gRPC's own default, stated so that both ends agree"
)
MESSAGE_FIELDS: Final = Limit(
    "request size", 150_000, "fields", "three for each note of the largest NoteSequence"
)
OPEN_BYTES: Final = Limit(
    "memory of open requests", 512 << 20, "bytes", "half of what the service's unit leaves free"
)
BUNDLE_BYTES: Final = Limit(
    "bundle size", 256 << 20, "bytes", "fifty times the largest shipped bundle"
)
REQUEST_SECONDS: Final = Limit(
    "request duration", 60, "seconds", "a request without a deadline must not occupy a core"
)
HTTP_CONNECTIONS: Final = Limit(
    "HTTP connections",
    100,
    "connections",
    "each needs a file descriptor, and macOS allows a process 256",
)
HTTP_HEAD_SECONDS: Final = Limit(
    "wait for an HTTP request", 20, "seconds", "an idle or slow client must not keep a connection"
)
HTTP_BODY_SECONDS: Final = Limit(
    "arrival of an HTTP body", 20, "seconds", "the largest at 2 Mbit/s; loopback needs milliseconds"
)
HTTP_ANSWER_SECONDS: Final = Limit(
    "sending of an HTTP response", 60, "seconds", "a client that does not read must not cost memory"
)
HTTP_LINE_BYTES: Final = Limit(
    "HTTP line size", 8_190, "bytes", "common to proxies and browsers; a GET request must fit"
)
JSON_CONTAINERS: Final = Limit(
    "JSON size", 150_000, "lists and objects", "three for each note of the largest NoteSequence"
)
JSON_DIGITS: Final = Limit(
    "JSON number size", 40, "digits", "no field needs more; parsing takes quadratic time"
)
LONGEST_REQUEST_SECONDS: Final = Limit(
    "longest request duration", 300, "seconds", "a later deadline is reduced to this"
)
OPEN_REQUESTS: Final = Limit(
    "waiting requests", 64, "requests", "two seconds of work for two cores"
)
QUEUE_SECONDS: Final = Limit(
    "time in the queue", 2, "seconds", "after that an error is better than a late first note"
)
CALLS_PER_SECOND: Final = Limit(
    "calls of one caller", 20, "calls per second", "four times what turning a dial causes"
)
CALLS_AT_ONCE: Final = Limit(
    "calls of one caller at once",
    40,
    "calls",
    "two seconds of calls, accumulated: loading a Live Set",
)
REFUSED_PER_SECOND: Final = Limit(
    "refused calls of one address", 5, "calls per second", "far more than a mistyped token causes"
)
REFUSED_AT_ONCE: Final = Limit(
    "refused calls of one address at once", 100, "calls", "a client with an old token that retries"
)
FAILED_LINES: Final = Limit(
    "log lines about failed calls", 50, "lines per second", "20 kB a second, which a disk holds"
)
HEALTH_WATCHES: Final = Limit(
    "open health watches", 256, "watches", "each costs 10 kB; a few per load balancer are usual"
)
CALLERS_WATCHES: Final = Limit(
    "open health watches of one caller", 64, "watches", "so that no caller takes all of them"
)
RECIPE_BYTES: Final = Limit("recipe size", 1 << 20, "bytes", "a thousand times a usual recipe")
NETWORK_SIZE: Final = Limit(
    "size in a recipe", 4_096, "units or steps", "two LSTM layers of it have 200 million weights"
)
NETWORK_LAYERS: Final = Limit("layers in a recipe", 16, "layers", "more do not learn")
STREAMS: Final = Limit(
    "open calls of one connection",
    100,
    "calls",
    "the least that HTTP/2 recommends; a client's further calls wait in it",
)
OPEN_CALLS: Final = Limit(
    "open calls", 2_048, "calls", "each costs 25 kB, also one whose request never arrives"
)
RATE_CALLERS: Final = Limit(
    "callers with a rate", 4_096, "callers", "about 200 bytes each; the oldest is dropped"
)
REPEAT_SECONDS: Final = Limit(
    "cache time of a request_id", 600, "seconds", "ten minutes, far beyond the last retry"
)
REPEAT_ANSWERS: Final = Limit(
    "cached responses", 1_024, "responses", "a minute of calls at the full rate"
)
REPEAT_BYTES: Final = Limit(
    "size of cached responses", 16 << 20, "bytes", "about 5,000 clips of eight bars"
)
BUNDLE_JSON_BYTES: Final = Limit(
    "bundle metadata size", 1 << 20, "bytes", "metadata takes a few kilobytes"
)
BUNDLE_TRIAL_SECONDS: Final = Limit(
    "time to try a bundle", 60, "seconds", "the largest network needs a tenth on one core"
)
BUNDLE_TRIAL_BYTES: Final = Limit(
    "memory to try a bundle", 1 << 30, "bytes", "several times that of the libraries"
)
PROGRAM_BYTES: Final = Limit(
    "tensors of a program", 1 << 30, "bytes", "five times those of the largest network"
)
PROGRAM_OPERATORS: Final = Limit(
    "operators of a program", 20_000, "operators", "twenty times those of the shipped programs"
)
CERTIFICATE_FILE_BYTES: Final = Limit(
    "certificate file size", 1 << 20, "bytes", "all CA certificates of a system take half"
)
TOKEN_FILE_BYTES: Final = Limit(
    "token file size", 64 << 10, "bytes", "several hundred tokens, each with its name"
)


def check_limit(limit: Limit, value: float, *, where: str = "", field: str = "") -> None:
    """Refuse a value above its limit.

    Args:
        limit: The limit to check.
        value: The value found, in the limit's unit.
        where: What was read, e.g. a file name; starts the message.
        field: Path of the offending field, for programs.

    Raises:
        LimitExceededError: ``value`` is larger than ``limit.value``.
    """
    if value <= limit.value:
        return
    subject = f"{where}: " if where else ""
    raise LimitExceededError(
        f"{subject}{limit.name} is {value:,.0f} {limit.unit}, more than the "
        f"{limit.value:,} {limit.unit} allowed; {limit.advice}.",
        field=field,
        metadata={"limit": limit.name, "maximum": str(limit.value), "unit": limit.unit},
    )
