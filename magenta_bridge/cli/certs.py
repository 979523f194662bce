"""``magenta-bridge certs``: create certificates and a token, to serve other computers."""

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
_RESERVED = ("ca", "server", "tokens")

_EXAMPLES = """\b
Examples:
  magenta-bridge certs --host studio.local --host 192.168.1.20
      a server with tokens
  magenta-bridge certs --host studio.local --client laptop
      a server with client certificates, and one for a client
  magenta-bridge certs --client tablet
      another client, signed by the CA in the folder
"""


def read_host(text: str) -> str:
    """Parse a host name or an IP address of a server."""
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        address = None
    if address is not None and address.is_unspecified:
        raise click.BadParameter(
            f"{text} is not an address that clients can use; give an address of this computer."
        )
    if address is None and not _DNS_NAME.fullmatch(text):
        raise click.BadParameter(
            f"{text!r} is not a host name or an IP address, such as studio.local or 192.168.1.20."
        )
    return text.lower() if address is None else str(address)


def read_client(text: str) -> str:
    """Parse the name of a client, which is also used for file names."""
    if not _CLIENT.fullmatch(text) or text.lower() in _RESERVED:
        raise click.BadParameter(
            f"{text!r} is not a client name; use up to 64 letters, digits or _- . These names are "
            f"reserved: {', '.join(_RESERVED)}."
        )
    return text


@click.command(epilog=_EXAMPLES)
@click.option(
    "--output",
    "folder",
    type=ANY_PATH,
    default=Path("certs"),
    show_default=True,
    help="Output folder; existing files are never overwritten.",
)
@click.option(
    "--host",
    "hosts",
    type=read_host,
    metavar="NAME_OR_IP",
    multiple=True,
    help="Host name or IP address of the server; repeatable. localhost is always included.",
)
@click.option(
    "--client",
    "clients",
    type=read_client,
    metavar="NAME",
    multiple=True,
    help="Also create a certificate for a client of this name; repeatable.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=397,
    show_default=True,
    help="Validity of the certificates in days.",
)
def certs(folder: Path, hosts: Sequence[str], clients: Sequence[str], days: int) -> None:
    """Create certificates, to serve other computers securely.

    They are signed by your own certificate authority (CA), ca.crt, which clients trust. Give ca.crt
    to the clients, and keep ca.key secret.
    """
    if not hosts and not clients:
        raise click.UsageError("Give a --host for a server, a --client, or both.")
    from magenta_bridge.certificates.issue import CertificateFolder

    files = CertificateFolder(folder, hosts, clients, days)
    files.save()
    click.echo(files.report())
