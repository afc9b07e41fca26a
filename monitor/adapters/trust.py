"""trust: a Tls in, the SSLContext that it stands for out; or why its files are no good."""

import ssl
from pathlib import Path

from monitor.model.connection import Tls

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Trust:
    """Makes each context once, and again when one of its files changes."""

    def __init__(self, usual: ssl.SSLContext | None = None) -> None:
        """`usual`: what a Tls that says nothing stands for, instead of the system's certificates."""
        self._known: dict[Tls, tuple[list[int], ssl.SSLContext]] = {}
        if usual is not None:
            self._known[Tls()] = [], usual

    def context(self, tls: Tls) -> ssl.SSLContext:
        """Raises UnusableFileError."""
        files = [Path(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file]
        stamps = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
        known = self._known.get(tls)
        if known is None or known[0] != stamps:
            known = self._known[tls] = stamps, context_of(tls)
        return known[1]


class UnusableFileError(Exception):
    """A certificate or key cannot be used. `key` is the field of `Tls` that names it; the text is for a person."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why


def context_of(tls: Tls) -> ssl.SSLContext:
    """Reads its files. Raises UnusableFileError."""
    context = _verifying(tls.ca_file)
    context.set_alpn_protocols(["http/1.1"])
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = _VERSIONS[tls.min_version]
    if tls.cert_file:
        _identify(context, tls)
    return context


def _verifying(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise UnusableFileError("ca_file", f"{ca_file}: no certificates in PEM form") from error
    except OSError as error:
        raise UnusableFileError("ca_file", f"{ca_file}: {error.strerror}") from error


def _identify(context: ssl.SSLContext, tls: Tls) -> None:
    for key, file in (("cert_file", tls.cert_file), ("key_file", tls.key_file)):
        try:
            if file:
                Path(file).open("rb").close()
        except OSError as error:  # load_cert_chain does not say which of the two it means
            raise UnusableFileError(key, f"{file}: {error.strerror}") from error
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file or None, password=_no_password)
    except _LockedKeyError as error:
        why = f"{tls.key_file or tls.cert_file}: the key has a password; give one without"
        raise UnusableFileError("key_file" if tls.key_file else "cert_file", why) from error
    except ssl.SSLError as error:
        why = f"{tls.cert_file}: no certificate and key in PEM form that belong together"
        raise UnusableFileError("key_file" if tls.key_file else "cert_file", why) from error


class _LockedKeyError(Exception):
    """The key is encrypted; without this OpenSSL would ask for its password on the terminal."""


def _no_password() -> str:
    raise _LockedKeyError
