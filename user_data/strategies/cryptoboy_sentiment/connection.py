"""Connects the strategy to the sentiment store."""

from typing import TYPE_CHECKING, Any

from cryptoboy_sentiment.settings import Settings

if TYPE_CHECKING:
    import redis

_MISSING = (
    "Sentiment comes from Redis at {address}, which needs the Python package redis, and Freqtrade's environment does "
    "not have it. Install it where Freqtrade is installed: python -m pip install redis; in Docker, build an image of "
    "two lines: FROM freqtradeorg/freqtrade:stable and RUN pip install --user redis. Or name as "
    "cryptoboy.source what needs no package: the address of CryptoBoy's API, such as http://HOST:8110, or a sentiment "
    "CSV (in backtests and dry-run)"
)


def connect(at: Settings) -> "redis.Redis":
    """A Redis client with 1 s to connect, 1 s for each read and one retry. It connects when it is first used.

    With `redis_tls` the server's certificate and name are checked against `redis_ca_file` or, without that file,
    against the system's CAs.

    Raises:
        ValueError: the package redis is not installed.
    """
    try:  # here, because a strategy that reads a CSV does not need it, and Freqtrade does not bring it
        import redis
        from redis.backoff import ConstantBackoff
        from redis.retry import Retry
    except ImportError:
        raise ValueError(_MISSING.format(address=at.redis_address)) from None
    user = at.redis_user
    if at.redis_socket and at.redis_password and not user:
        user = "default"  # the embedded Redis asks for no password there, and accepts one only together with a user
    secured: dict[str, Any] = {}
    if at.redis_tls:
        secured = {
            "ssl": True,
            "ssl_cert_reqs": "required",
            "ssl_check_hostname": True,
            "ssl_ca_certs": at.redis_ca_file,
            "ssl_certfile": at.redis_cert_file,
            "ssl_keyfile": at.redis_key_file,
        }
    return redis.Redis(
        at.redis_host,
        at.redis_port,
        at.redis_db,
        at.redis_password,
        unix_socket_path=at.redis_socket,
        username=user,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(ConstantBackoff(0.1), 1),
        **secured,
    )
