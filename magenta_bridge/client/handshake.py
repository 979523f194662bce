"""Why two ends did not come together, from what gRPC says of it."""

from __future__ import annotations

from typing import Final

# Words of gRPC's message and what they mean; the first row whose words all occur counts.
_CAUSES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (
        ("CERTIFICATE_VERIFY_FAILED", "expired"),
        "The certificate of the server at {address} has expired; whoever runs it can make "
        "another with: magenta-bridge certs",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        "The certificate of the server at {address} is not signed by an authority that this "
        "client trusts; give the ca.crt that was made with it: tls=TlsFiles(ca=...), or "
        "--tls-ca on the command line.",
    ),
    (
        ("Hostname Verification Check failed",),
        "The certificate of the server is not for the name in {address}; use a name that it "
        "was made for, or make one for this: magenta-bridge certs --host NAME",
    ),
    (
        ("WRONG_VERSION_NUMBER",),
        "The server at {address} does not speak TLS; leave the files for TLS away.",
    ),
    (
        ("failed to connect", "Socket closed"),
        "What answers at {address} ended the connection at once, as a server does that wants "
        "TLS or a certificate of the client: tls=TlsFiles(...), or --tls-ca, --tls-cert and "
        "--tls-key on the command line.",
    ),
)


def why_unreachable(details: str) -> str | None:
    """Returns a sentence on a connection that failed.

    Args:
        details: What gRPC says.

    Returns:
        The sentence, with ``{address}`` for the server's; None when there is no more to say
        than that nobody answers.
    """
    for words, sentence in _CAUSES:
        if all(word in details for word in words):
            return sentence
    return None
