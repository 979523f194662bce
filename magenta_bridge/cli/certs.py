"""``magenta-bridge certs``: certificates and a token, to let other computers in safely."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path

import click

from magenta_bridge.cli.options.types import ANY_PATH

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TAKEN = ("ca", "server", "tokens")

_EXAMPLES = """\b
Examples:
  magenta-bridge certs --host studio.local --host 192.168.1.20
      a server that asks for tokens
  magenta-bridge certs --host studio.local --client laptop
      a server that asks for certificates, and one for a client
  magenta-bridge certs --client tablet
      one more client, of the authority that is in the folder already
"""


def read_host(text: str) -> str:
    """Reads a name or an address by which clients reach a server, or complains."""
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        address = None
    if address is not None and address.is_unspecified:
        raise click.BadParameter(
            f"{text} is no address that a client could use; give this computer's own."
        )
    if address is None and not _DNS_NAME.fullmatch(text):
        raise click.BadParameter(
            f"{text!r} is neither a name nor an address, such as studio.local or 192.168.1.20."
        )
    return text.lower() if address is None else str(address)


def read_client(text: str) -> str:
    """Reads the name of a client, of which files are called as well, or complains."""
    if not _CLIENT.fullmatch(text) or text.lower() in _TAKEN:
        raise click.BadParameter(
            f"{text!r} is no name for a client; use up to 64 letters, digits or _- , and none "
            f"of {', '.join(_TAKEN)}."
        )
    return text


@click.command(epilog=_EXAMPLES)
@click.option(
    "--output",
    "folder",
    type=ANY_PATH,
    default=Path("certs"),
    show_default=True,
    help="Folder to write to; files in it are never overwritten.",
)
@click.option(
    "--host",
    "hosts",
    type=read_host,
    metavar="NAME_OR_IP",
    multiple=True,
    help="How clients reach the server; may be given several times. localhost is always in.",
)
@click.option(
    "--client",
    "clients",
    type=read_client,
    metavar="NAME",
    multiple=True,
    help="Also a certificate for a client of this name; may be given several times.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=397,
    show_default=True,
    help="How long the certificates are valid.",
)
def certs(folder: Path, hosts: Sequence[str], clients: Sequence[str], days: int) -> None:
    """Make certificates, to let other computers in safely.

    They are signed by an authority of your own (ca.crt), which clients are told to trust. Give
    clients ca.crt alone, and nobody ca.key.
    """
    if not hosts and not clients:
        raise click.UsageError("Give a --host for a server, a --client, or both.")
    from magenta_bridge.certificates.issue import CertificateFolder

    made = CertificateFolder(folder)
    made.add(hosts, clients, days)
    made.save()
    click.echo(made.report())
