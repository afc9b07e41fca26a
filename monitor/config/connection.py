"""connection: how the configuration says what a server is told and must prove: headers, credentials, proxy, TLS."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from monitor.config.names import DIRECT, HeaderValue, Line, ProxyUrl, check_header_name, check_header_value
from monitor.config.problems import KeyPath
from monitor.config.section import Section
from monitor.model.connection import Proxy, Tls
from monitor.model.secret import Secret

HEADERS_MAX = 20

ReadSecret = Callable[[KeyPath, str], Secret | None]
"""The place that names a secret file, and its path, in; its text out, or None where it was refused."""

_OURS = frozenset(
    {"accept-encoding", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"}
    | {"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive"}
    | {"proxy-authorization", "proxy-connection"}
)
_TLS_VERSIONS = ("1.2", "1.3")


def _header_name(name: str) -> str:
    return check_header_name(name, _OURS)


def _user(text: str) -> str:
    """RFC 7617, section 2: the first colon ends it."""
    if ":" in text or not text.isprintable():
        raise ValueError("expected a user name of printable characters without a colon")
    return text


def check_password(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected a password of printable characters on one line")
    return text


def check_token(text: str) -> str:
    """What follows `Bearer` (RFC 6750, section 2.1)."""
    if " " in text:
        raise ValueError("expected a token without spaces")
    return check_header_value(text)


def _tls_version(value: object) -> str:
    """YAML reads an unquoted 1.2 as a number."""
    if str(value) not in _TLS_VERSIONS:
        raise ValueError(f"expected one of {', '.join(_TLS_VERSIONS)}; older ones are not secure")
    return str(value)


Headers = Annotated[
    dict[Annotated[str, AfterValidator(_header_name)], HeaderValue],
    Field(max_length=HEADERS_MAX),
]
Token = Annotated[str, AfterValidator(check_token)]


class Basic(Section):
    """A user name and its password."""

    user: Annotated[str, AfterValidator(_user), Field(min_length=1, max_length=300)]
    password: Annotated[str, AfterValidator(check_password)] | None = Field(default=None, repr=False)
    """The password, as `${NAME}` of an environment variable."""
    password_file: Line | None = None
    """The file that holds the password, relative to the configuration folder."""

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            raise ValueError("give the password either as `password_file: PATH` or as `password: ${NAME}`")
        return self

    def value(self, read: ReadSecret, path: KeyPath) -> Secret | None:
        """The value of an Authorization header; None if the password was refused."""
        if self.password is not None:
            return self._encoded(Secret(self.password))
        secret = read((*path, "password_file"), self.password_file or "")
        return None if secret is None else self._encoded(secret)

    def _encoded(self, password: Secret) -> Secret:
        pair = f"{self.user}:{password.reveal()}".encode()
        return Secret(f"Basic {base64.b64encode(pair).decode('ascii')}")


class TlsEntry(Section):
    """What an https server must prove, and what it is proven. It holds for the feed's own server, not for where that redirects."""

    verify: bool = True
    """`false` believes any certificate, also that of somebody in between: for a server of your own, for a while."""
    ca_file: Line | None = None
    """The certificates, in PEM form, that alone may have signed the server's, instead of the system's."""
    cert_file: Line | None = None
    """The certificate that newsmon shows, in PEM form."""
    key_file: Line | None = None
    """Its key without a password; left out: it stands in `cert_file`."""
    min_version: Annotated[
        str, PlainValidator(_tls_version), WithJsonSchema({"enum": [*_TLS_VERSIONS, *map(float, _TLS_VERSIONS)]})
    ] = "1.2"
    """The oldest TLS that is spoken."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("a `key_file` without the `cert_file` that it belongs to")
        if not self.verify and self.ca_file is not None:
            raise ValueError("`verify: false` believes any certificate: leave it out, or the `ca_file`")
        return self

    def value(self, folder: Path) -> Tls:
        """The same with whole paths."""

        def whole(file: str | None) -> str:
            return str(folder / file) if file is not None else ""

        return Tls(
            verify=self.verify,
            ca_file=whole(self.ca_file),
            cert_file=whole(self.cert_file),
            key_file=whole(self.key_file),
            min_version=self.min_version,
        )


class Proxied(Section):
    """What a server is asked through."""

    proxy: ProxyUrl | None = None
    """The HTTP proxy that is asked instead of the server, `http://host:port`; `direct`: none, whatever the defaults say."""
    proxy_auth: Basic | None = None
    """Who newsmon is to that proxy."""

    @model_validator(mode="after")
    def _proxy_of_its_own(self) -> Self:
        if self.proxy_auth is not None and self.proxy in {None, DIRECT}:
            raise ValueError("`proxy_auth` stands beside the `proxy` that it is for")
        return self

    def through(self, read: ReadSecret, path: KeyPath) -> Proxy | None:
        """The same as a model value; None where no proxy is asked. `path` is where this stands."""
        if self.proxy in {None, DIRECT}:
            return None
        auth = self.proxy_auth
        authorization = auth.value(read, (*path, "proxy_auth")) if auth is not None else None
        return Proxy(url=str(self.proxy), authorization=authorization)


class Connecting(Proxied):
    """What may stand at a feed, and in the defaults for every feed that does not say otherwise."""

    headers: Headers = Field(default_factory=dict, repr=False)
    """Further headers, for the feed's own server only; a secret one as `${NAME}`."""
    tls: TlsEntry | None = None
