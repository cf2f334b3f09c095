"""A next version of the project, to upgrade to: one more queue, one more key of Redis, one user fewer on each server.

Its cacher uses the new queue and the new key as soon as it starts, and ends with status 1 if it may not.
"""

from __future__ import annotations

from pathlib import Path

QUEUE = "next_queue"
KEY = "next:started"
LOST_BROKER_USER, LOST_STORE_USER = "autoscaler", "reader"
IN_FORCE = "next version: its rights are in force"

_USES_THEM = f'''
def use_new_rights() -> None:
    import os
    from pathlib import Path

    import pika
    import redis

    def secret(name: str) -> str:
        return Path(os.environ[name]).read_text().strip()

    login = pika.PlainCredentials(os.environ["RABBITMQ_USER"], secret("RABBITMQ_PASS_FILE"))
    with pika.BlockingConnection(pika.ConnectionParameters("rabbitmq", credentials=login)) as connection:
        connection.channel().basic_get("{QUEUE}")
    password = secret("REDIS_PASSWORD_FILE")
    with redis.Redis("redis", username=os.environ["REDIS_USER"], password=password) as client:
        client.set("{KEY}", "1", ex=600)
    print("{IN_FORCE}", flush=True)


if __name__ == "__main__":
    use_new_rights()
'''

_CHANGES = {
    "services/common/broker/topology.py": [
        (
            "\nQUEUES = (RAW_MARKET_DATA, RAW_NEWS_DATA, SENTIMENT_SIGNALS, HISTORY)\n",
            f"""
NEXT = Queue("{QUEUE}", ("next.key",), QueueKind.QUORUM, retried=True)
QUEUES = (RAW_MARKET_DATA, RAW_NEWS_DATA, SENTIMENT_SIGNALS, HISTORY, NEXT)
""",
        ),
    ],
    "services/common/services.py": [
        ("    MARKET_CANDLE,\n", "    MARKET_CANDLE,\n    NEXT,\n"),
        ("reads=(SENTIMENT_SIGNALS,),", "reads=(SENTIMENT_SIGNALS, NEXT),"),
        ("*(SCORED, HOLDS, HOLDS_ID),", '*(SCORED, HOLDS, HOLDS_ID, "next:*"),'),
    ],
    "services/common/broker/rabbitmq/users.py": [("    AUTOSCALER,\n", "")],
    "services/common/store/redis/users.py": [
        ("*(STRATEGY, OPERATOR, READER, RIGHTS),", "*(STRATEGY, OPERATOR, RIGHTS),")
    ],
    "services/signal_cacher/signal_cacher.py": [('\nif __name__ == "__main__":\n', _USES_THEM)],
}


def become_next_version(folder: Path) -> dict[Path, str]:
    """Change a copy of the checkout into the next version; returns the former text of each file, to go back."""
    former = {folder / name: (folder / name).read_text() for name in _CHANGES}
    for name, changes in _CHANGES.items():
        text = (folder / name).read_text()
        for old, new in changes:
            assert text.count(old) == 1, f"{name} has no single {old!r}"
            text = text.replace(old, new)
        (folder / name).write_text(text)
    return former
