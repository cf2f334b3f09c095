"""What RabbitMQ refuses for good: each refusal ends the start and says the way out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pika
import pytest
from pydantic import SecretStr

from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, news, plain_parameters, receive_one
from tests.support.broker.rabbitmq_management import Management
from tests.support.servers.nobody import refusing_port

pytestmark = pytest.mark.integration

PASSWORD = "kept-to-ourselves-7391"


@pytest.fixture
def house(rabbitmq_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(rabbitmq_settings, BrokerOptions())
    yield place
    place.close()


@pytest.fixture
def other_user(management: Management) -> Iterator[str]:
    name = f"user-{uuid.uuid4().hex[:8]}"
    management.create_user(name, PASSWORD)
    yield name
    management.delete_user(name)


def test_a_wrong_password_ends_the_start_and_is_not_repeated(house: BrokerHouse) -> None:
    broker = house.unstarted(rabbitmq_pass=SecretStr(PASSWORD))
    with pytest.raises(StopProgram, match="RABBITMQ_PASS") as refusal:
        broker.start()
    assert PASSWORD not in str(refusal.value)
    assert PASSWORD not in broker.health().detail


def test_a_vhost_that_is_not_there_ends_the_start(house: BrokerHouse) -> None:
    broker = house.unstarted(rabbitmq_vhost="nowhere")
    with pytest.raises(StopProgram, match="rabbitmqctl add_vhost nowhere"):
        broker.start()


def test_a_user_without_rights_in_the_vhost_ends_the_start(house: BrokerHouse, other_user: str) -> None:
    broker = house.unstarted(rabbitmq_user=other_user, rabbitmq_pass=SecretStr(PASSWORD))
    with pytest.raises(StopProgram, match="set_permissions"):
        broker.start()


def test_a_user_who_may_not_declare_is_told_so(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str, other_user: str
) -> None:
    management.allow(rabbitmq_vhost, other_user, configure="")
    broker = house.unstarted(rabbitmq_user=other_user, rabbitmq_pass=SecretStr(PASSWORD))
    with pytest.raises(StopProgram, match="RABBITMQ_DECLARE=false"):
        broker.start()


def test_a_user_who_may_not_declare_works_where_everything_is_there(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str, other_user: str
) -> None:
    house.broker().close()
    management.allow(rabbitmq_vhost, other_user, configure="", write=r"^cryptoboy\.", read="^raw_news_data$")
    broker = house.broker(rabbitmq_user=other_user, rabbitmq_pass=SecretStr(PASSWORD), rabbitmq_declare=False)
    broker.publish([news(1)])
    subscription = broker.subscribe("raw_news_data", 10)
    subscription.dead_letter(receive_one(subscription), "to see whether that is allowed")
    with pytest.raises(StopProgram, match=r"raw_news_data\.dlq"):
        broker.subscribe("raw_news_data.dlq", 10)


def test_a_user_who_may_not_publish_is_told_so(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str, other_user: str
) -> None:
    house.broker().close()
    management.allow(rabbitmq_vhost, other_user, configure="", write="", read=".*")
    broker = house.broker(rabbitmq_user=other_user, rabbitmq_pass=SecretStr(PASSWORD), rabbitmq_declare=False)
    with pytest.raises(StopProgram, match="publish"):
        broker.publish([news(1)])


def test_without_the_right_to_declare_a_missing_queue_ends_the_start(house: BrokerHouse) -> None:
    broker = house.unstarted(rabbitmq_declare=False)
    with pytest.raises(StopProgram, match=r"cryptoboy\.events.*definitions\.json"):
        broker.start()


def test_a_queue_declared_otherwise_ends_the_start_and_names_the_queue(house: BrokerHouse) -> None:
    connection = pika.BlockingConnection(plain_parameters(house.settings))
    connection.channel().queue_declare("raw_news_data", durable=True)
    connection.close()
    with pytest.raises(StopProgram, match=r"raw_news_data.*drain.*lost.*delete_queue"):
        house.broker()


def test_another_queue_length_ends_the_start_and_names_the_variable(house: BrokerHouse) -> None:
    house.broker(queue_max_length=50).close()
    with pytest.raises(StopProgram, match="QUEUE_MAX_LENGTH"):
        house.broker(queue_max_length=60)


def test_nobody_at_the_address_is_a_matter_of_time(house: BrokerHouse) -> None:
    with refusing_port() as port:
        broker = house.unstarted(rabbitmq_port=port)
        for _ in range(2):
            with pytest.raises(TryLater, match=str(port)):
                broker.start()
        with pytest.raises(TryLater, match=str(port)):
            broker.publish([OutgoingMessage(NEWS_ARTICLE, b"{}", "id")], timeout=0.2)
