"""TLS for client connections. Certificate and host name are always checked, against the operator's CA if given."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.common.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files with the CA and our own certificate for a connection. `names` is the prefix of their variables."""

    names: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @classmethod
    def of_rabbitmq(cls, settings: Settings) -> TlsFiles | None:
        """Return the files for RabbitMQ; None if the connection does not use TLS."""
        if not settings.rabbitmq_tls:
            return None
        ca, cert, key = settings.rabbitmq_ca_file, settings.rabbitmq_cert_file, settings.rabbitmq_key_file
        return cls("RABBITMQ", ca, cert, key)

    @classmethod
    def of_redis(cls, settings: Settings) -> TlsFiles | None:
        """Return the files for Redis; None if the connection does not use TLS."""
        if not settings.redis_tls:
            return None
        return cls("REDIS", settings.redis_ca_file, settings.redis_cert_file, settings.redis_key_file)


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """Return a context for connections. If a file cannot be used, raises StopProgram, which names its variable."""
    try:
        context = ssl.create_default_context(cafile=files.ca)
    except (OSError, ssl.SSLError) as error:
        raise StopProgram(
            f"{files.names}_CA_FILE={files.ca} cannot be used ({_why(error)}); name a file of PEM certificates"
        ) from None
    if files.cert is not None:
        try:
            context.load_cert_chain(files.cert, files.key)
        except (OSError, ssl.SSLError) as error:
            raise StopProgram(
                f"{files.names}_CERT_FILE={files.cert} with {files.names}_KEY_FILE={files.key} cannot be used "
                f"({_why(error)}); name a PEM certificate and its key"
            ) from None
    return context


def usual_trust() -> ssl.SSLContext | bool:
    """Return the `verify` argument of an httpx client with `trust_env=False`, for certificates of public servers.

    The result is a context with SSL_CERT_FILE and SSL_CERT_DIR if one of them is set, else True (httpx's default).

    Raises:
        StopProgram: the files that these variables name cannot be used.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        return True
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except (OSError, ssl.SSLError) as error:
        raise StopProgram(
            f"SSL_CERT_FILE={file or ''} and SSL_CERT_DIR={folder or ''} cannot be used ({_why(error)}); name PEM "
            "certificates, or unset them"
        ) from None


def redis_tls(files: TlsFiles | None) -> dict[str, Any]:
    """Return the arguments for TLS of redis-py's client. Raises StopProgram if a file cannot be used."""
    if files is None:
        return {}
    client_context(files)  # redis-py would say only that some file is missing, and not before it connects
    paths = {"ssl_ca_certs": files.ca, "ssl_certfile": files.cert, "ssl_keyfile": files.key}
    given = {name: str(path) for name, path in paths.items() if path is not None}
    return {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **given}


def explain_tls(error: str, names: str) -> str | None:
    """Return what a person can do about a failed TLS handshake; None for an error that is not known here.

    Args:
        error: the error message of the library.
        names: the prefix of the variables, such as REDIS.
    """
    if "CERTIFICATE_VERIFY_FAILED" in error or "certificate verify failed" in error:
        return f"its certificate is not to be trusted; {names}_CA_FILE must name the CA that signed it ({_said(error)})"
    if "WRONG_VERSION_NUMBER" in error:
        return f"it does not speak TLS there; set {names}_PORT to its TLS port, or do without TLS"
    if "CERTIFICATE_REQUIRED" in error:
        return f"it wants a certificate of ours; set {names}_CERT_FILE and {names}_KEY_FILE"
    return None


def _said(error: str) -> str:
    _, _, reason = error.partition("certificate verify failed: ")
    return reason.split(" (_ssl")[0].strip(" .)'\"") or "certificate verify failed"


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
