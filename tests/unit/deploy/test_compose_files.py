"""What must hold for every container, so that no change loses it unseen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from devtools.commands.packages import SERVER_PROGRAMS
from services.common.services import Deployment, deployed_by
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.operations.secrets.files import BROKER_SECRETS, GIVEN, MADE, STORE_SECRETS
from services.operations.secrets.takeover import not_read
from tests.support.deploy.strict_yaml import load

Service = dict[str, Any]
TEXT = (PROJECT_ROOT / "docker-compose.production.yml").read_text()
PRODUCTION: dict[str, Any] = load(TEXT)
TLS: dict[str, Any] = load((PROJECT_ROOT / "docker-compose.tls.yml").read_text())
DEVELOPMENT: dict[str, Any] = load((PROJECT_ROOT / "docker-compose.yml").read_text())
PROXIES: dict[str, Service] = {name: TLS["services"][name] for name in ("proxy", "api-proxy")}
SERVICES: dict[str, Service] = {**PRODUCTION["services"], **PROXIES}
NETWORKS: dict[str, Any] = {**PRODUCTION["networks"], **TLS["networks"]}
ONE_SHOTS = ("prepare", "rabbitmq-rights", "redis-rights", "ollama-model", "operator")
THIRD_PARTY_SERVERS = (
    "rabbitmq",
    "redis",
    "postgres",
    "ollama",
    "ollama-gpu",
    "prometheus",
    "alertmanager",
    "grafana",
    *PROXIES,
)
OURS = {service.container: service for service in deployed_by(Deployment.COMPOSE)}
ON_BROKER = [name for name, service in OURS.items() if service.uses_broker]
ON_STORE = [*(name for name, service in OURS.items() if service.uses_store), "freqtrade"]
WITH_SETTINGS = (*OURS, "freqtrade", "operator")
CONTAINER_NAMES = {
    "rabbitmq": "trading-rabbitmq",
    "redis": "trading-redis-prod",
    "ollama": "trading-bot-ollama-prod",
    "market-streamer": "trading-market-streamer",
    "news-poller": "trading-news-poller",
    "signal-cacher": "trading-signal-cacher",
}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def networks_of(name: str) -> set[str]:
    return set(SERVICES[name].get("networks", ()))


def members(network: str) -> set[str]:
    return {name for name in SERVICES if network in networks_of(name)}


def leads_out(network: str) -> bool:
    options = (NETWORKS[network] or {}).get("driver_opts", {})
    masquerades = options.get("com.docker.network.bridge.enable_ip_masquerade", "true") == "true"
    return masquerades and not (NETWORKS[network] or {}).get("internal", False)


def test_the_project_and_its_containers_have_the_names_of_the_specification() -> None:
    assert PRODUCTION["name"] == "trading"
    for service, name in CONTAINER_NAMES.items():
        assert SERVICES[service]["container_name"] == name


def test_rabbitmqs_health_check_cannot_take_the_erlang_cookie_from_the_server() -> None:
    assert {file["services"]["rabbitmq"]["user"] for file in (PRODUCTION, DEVELOPMENT)} == {"rabbitmq"}


def test_the_sentiment_processor_can_be_scaled() -> None:
    processor = SERVICES["sentiment-processor"]
    assert processor.keys().isdisjoint({"container_name", "ports", "hostname"})
    # In a file that every command reads, because one given by --scale is forgotten by the next `up -d`.
    assert processor["deploy"]["replicas"] == "${SENTIMENT_PROCESSORS:-1}"


def test_no_guide_scales_by_an_option_that_the_next_command_forgets() -> None:
    guides = [*PROJECT_ROOT.glob("*.yml"), PROJECT_ROOT / "README.md", *PROJECT_ROOT.glob("docs/*.md")]
    assert [path.name for path in guides if re.search(r"--scale [a-z-]+=", path.read_text())] == []


@pytest.mark.parametrize("file", [PRODUCTION, TLS, DEVELOPMENT])
def test_no_port_is_published_beyond_loopback(file: dict[str, Any]) -> None:
    ports = [port for service in file["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@each_service
def test_a_container_has_no_rights_that_it_does_not_need(service: Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    # Caddy's program file carries this one.
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if service in PROXIES.values() else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.keys().isdisjoint({"privileged", "pid", "ipc", "devices", "userns_mode"})
    assert str(service["user"]).split(":")[0] not in {"", "0", "root"}
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))


@each_service
def test_a_container_is_bounded(service: Service) -> None:
    limits = service["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ONE_SHOTS])
def test_what_runs_is_watched_restarted_and_does_not_fill_the_disk_with_its_log(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_parts_start_after_what_they_need_is_well() -> None:
    needs = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    for name in ON_BROKER:
        assert "rabbitmq-rights" in needs[name]
    for name in {*ON_STORE} - {"freqtrade"}:
        assert "redis-rights" in needs[name]
    for server in ("rabbitmq", "redis"):
        assert needs[f"{server}-rights"].keys() == {"prepare", server}
    assert needs["sentiment-processor"]["ollama"] == "service_healthy"
    for waiting in (each for name, each in needs.items() if name != "freqtrade"):
        for other, condition in waiting.items():
            one_shot = other in ONE_SHOTS
            assert condition == ("service_completed_successfully" if one_shot else "service_healthy")


def test_the_bot_waits_for_nothing_that_can_fail_and_is_made_after_what_has_the_new_secrets() -> None:
    needs = SERVICES["freqtrade"]["depends_on"]
    assert {name: how["condition"] for name, how in needs.items()} == {
        "prepare": "service_started",
        "redis": "service_started",
    }
    assert not [name for name in needs if SERVICES[name].get("depends_on")], "it would wait for these"
    assert {*STORE_SECRETS.values(), *BROKER_SECRETS.values()} <= set(SERVICES["prepare"]["secrets"])


def test_rabbitmq_and_its_tools_have_a_limit_of_open_files_because_erlang_reserves_memory_for_each() -> None:
    for name in ("rabbitmq", "rabbitmq-rights"):
        assert SERVICES[name]["ulimits"] == {"nofile": 16384}


@pytest.mark.parametrize("name", THIRD_PARTY_SERVERS)
def test_no_server_depends_on_a_container_that_a_change_of_our_code_recreates(name: str) -> None:
    needed: set[str] = set()
    look_at = [name]
    while look_at:
        found = SERVICES[look_at.pop()].get("depends_on", {}).keys() - needed
        needed |= found
        look_at += found
    assert not [each for each in needed if SERVICES[each]["image"].startswith("cryptoboy")]


def test_what_administers_a_server_shares_its_network_and_nothing_else_does() -> None:
    shares = {
        name: service["network_mode"] for name, service in SERVICES.items() if "network_mode" in service
    }
    assert shares == {
        "prepare": "none",
        "rabbitmq-rights": "service:rabbitmq",
        "redis-rights": "service:redis",
    }
    for server in ("rabbitmq", "redis"):
        assert SERVICES[f"{server}-rights"]["image"] == SERVICES[server]["image"]
        assert SERVICES[f"{server}-rights"]["user"] == SERVICES[server]["user"]


@each_service
def test_an_image_is_pinned_to_one_version(service: Service) -> None:
    image = service["image"]
    if not image.startswith("cryptoboy-"):
        assert re.fullmatch(r"[a-z/]+:v?\d+(\.\d+){1,2}(-[a-z]+)?", image)


def test_each_image_of_ours_is_built_by_one_service_from_the_target_of_its_name() -> None:
    ours = {name: service for name, service in SERVICES.items() if service["image"].startswith("cryptoboy-")}
    built = {service["image"]: service["build"] for service in ours.values() if "build" in service}
    assert built.keys() == {service["image"] for service in ours.values()}
    for image, how in built.items():
        target = image.removeprefix("cryptoboy-").removesuffix(":${CRYPTOBOY_VERSION:-0.1.0}")
        assert how == {"context": ".", "dockerfile": "deploy/Dockerfile", "target": target}
    others = {name: service for name, service in ours.items() if "build" not in service}
    assert {name: service["pull_policy"] for name, service in others.items()} == {"operator": "never"}


NOT_PASSED_ON = {
    "HEALTH_PORT",  # each container has an address of its own
    "RABBITMQ_PORT", "RABBITMQ_VHOST", "RABBITMQ_MANAGEMENT_PORT",  # those of the container beside it
    "REDIS_PORT", "REDIS_SOCKET", "REDIS_TIMEOUT",
    *(f"{server}_{what}" for server in ("RABBITMQ", "REDIS") for what in ("TLS", "CA_FILE", "CERT_FILE", "KEY_FILE")),
    "OLLAMA_CA_FILE", "OPENAI_CA_FILE",  # docker-compose.tls.yml
    "FREQTRADE_API_PORT", "STRATEGY_METRICS_HOST",
    "API_PORT",
}  # fmt: skip


def test_every_setting_reaches_a_container() -> None:
    passed = {name for service in WITH_SETTINGS for name in SERVICES[service]["environment"]}
    passed |= {name.removesuffix("_FILE") for name in passed}
    assert {name.upper() for name in Settings.model_fields} - passed - NOT_PASSED_ON == set()


def test_an_unset_or_emptied_dry_run_is_a_dry_run() -> None:
    assert SERVICES["freqtrade"]["environment"]["DRY_RUN"] == "${DRY_RUN:-true}"


def test_every_container_is_on_networks_that_say_what_for() -> None:
    for name, service in SERVICES.items():
        assert networks_of(name) or "network_mode" in service, name
        assert networks_of(name) <= NETWORKS.keys()


def test_only_what_needs_the_internet_gets_there_and_there_alone() -> None:
    outward = {name: {each for each in networks_of(name) if leads_out(each)} for name in SERVICES}
    assert {name: networks for name, networks in outward.items() if networks} == {
        "news-poller": {"internet-news"},
        "market-streamer": {"internet-exchange"},
        "freqtrade": {"internet-trading"},
        "ollama-model": {"internet-models"},
        "alertmanager": {"internet-alerts"},
        "notifier": {"internet-notices"},
    }


def test_prometheus_reaches_every_target_that_it_is_told_to_scrape() -> None:
    scraped = (PROJECT_ROOT / "deploy/prometheus/prometheus.yml").read_text()
    targets = set(re.findall(r'"([a-z-]+):\d+"', scraped)) | {"sentiment-processor"}
    assert targets > set(OURS)
    for target in targets - {"localhost"}:
        assert networks_of(target) & networks_of("prometheus"), target


@pytest.mark.parametrize(
    ("name", "variable"), [("prometheus", "PROMETHEUS_URL"), ("alertmanager", "ALERTMANAGER_URL")]
)
def test_links_in_alerts_lead_to_the_published_port(name: str, variable: str) -> None:
    (published,) = SERVICES[name]["ports"]
    port = published.split(":")[1]
    assert f"--web.external-url=${{{variable}:-http://localhost:{port}}}" in SERVICES[name]["command"]
    # A path in that address changes no path that a probe, Grafana or Prometheus itself asks.
    assert "--web.route-prefix=/" in SERVICES[name]["command"]


def test_what_is_published_is_on_a_network_that_docker_publishes_from() -> None:
    for name, service in SERVICES.items():
        if service.get("ports"):
            assert any(not (NETWORKS[each] or {}).get("internal") for each in networks_of(name)), name


def test_production_refuses_to_start_without_credentials() -> None:
    assert re.search(r"\$\{CRYPTOBOY_SECRETS:\?run \./cryptoboy secrets init", TEXT)
    assert "cryptoboy123" not in TEXT
    for name, secret in PRODUCTION["secrets"].items():
        assert re.fullmatch(r"\$\{CRYPTOBOY_SECRETS(:\?[^}]+)?\}/" + name, secret["file"])


def test_production_says_which_lines_of_env_it_does_not_use_and_shows_none_of_their_values() -> None:
    said = SERVICES["prepare"]["environment"]["NOT_USED"]
    pairs = re.findall(r"\$\{([A-Z_]+):\+ ([A-Z_]+)\}", said)
    assert "".join(f"${{{name}:+ {shown}}}" for name, shown in pairs) == said
    assert all(name == shown for name, shown in pairs)
    assert {name for name, _ in pairs} == not_read()
    assert 'echo "production does not use' in SERVICES["prepare"]["command"][2]


def test_no_secret_is_a_variable_and_each_goes_to_who_needs_it() -> None:
    secret = re.compile(r"(PASS|PASSWORD|SECRET|TOKEN|API_KEY)$")
    for name, service in SERVICES.items():
        assert not [each for each in service.get("environment", {}) if secret.search(each)], name
        files = [
            value.removeprefix("/run/secrets/")
            for variable, value in service.get("environment", {}).items()
            if str(value).startswith("/run/secrets/") and variable.endswith("_FILE")
        ]
        assert set(files) <= set(service.get("secrets", ())), name
    holders = {
        name: {each for each, service in SERVICES.items() if name in service.get("secrets", ())}
        for name in PRODUCTION["secrets"]
    }
    for name in ON_BROKER:
        assert holders[BROKER_SECRETS[OURS[name].name]] == {"prepare", name}
    assert (
        holders[BROKER_SECRETS["operator"]] == holders[STORE_SECRETS["operator"]] == {"prepare", "operator"}
    )
    assert holders[STORE_SECRETS["rights"]] == {"prepare", "redis-rights"}
    keys = [name for name in GIVEN if name.startswith(("binance_", "exchange_"))]
    assert len(keys) == 6
    assert all(holders[name] == {"freqtrade"} for name in keys)


def test_the_command_makes_every_secret_that_is_wanted() -> None:
    assert PRODUCTION["secrets"].keys() == {*MADE, *GIVEN}
    prepared = {*BROKER_SECRETS.values(), *STORE_SECRETS.values()}
    assert set(SERVICES["prepare"]["secrets"]) == prepared


@pytest.mark.parametrize("file", [PRODUCTION, TLS])
def test_every_variable_given_to_our_services_is_one_that_they_know(file: dict[str, Any]) -> None:
    known = Settings.variables()
    for name in WITH_SETTINGS:
        assert set(file["services"][name]["environment"]) <= known, name


def test_services_log_in_as_themselves_and_declare_nothing() -> None:
    for name in ON_BROKER:
        environment = SERVICES[name]["environment"]
        assert environment["RABBITMQ_USER"] == OURS[name].name
        assert environment["RABBITMQ_DECLARE"] == "false"
    users = {name: SERVICES[name]["environment"].get("REDIS_USER") for name in WITH_SETTINGS}
    assert {name: user for name, user in users.items() if user} == {
        **{name: service.name for name, service in OURS.items() if service.uses_store},
        "freqtrade": "strategy",
        "operator": "operator",
    }


def test_a_person_can_look_and_act_with_rights_of_their_own_when_they_call() -> None:
    operator = SERVICES["operator"]
    assert operator["profiles"] == ["operator"]
    assert operator["entrypoint"] == ["python", "-m", "services.cli"]
    assert operator["environment"]["RABBITMQ_USER"] == "operator"


def test_every_service_is_started_by_its_module_and_asked_on_the_port_of_the_registry() -> None:
    for name, service in OURS.items():
        assert SERVICES[name]["command"] == ["python", "-m", service.module]
        assert (PROJECT_ROOT / (service.module.replace(".", "/") + ".py")).is_file()
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "services.common.probe"]
        assert "HEALTH_PORT" not in SERVICES[name]["environment"], "the probe asks the port of the registry"


def test_every_program_of_ours_that_runs_is_a_service_of_the_registry() -> None:
    ours = {name for name, service in SERVICES.items() if service["image"].startswith("cryptoboy-")}
    assert ours == {*WITH_SETTINGS, "prepare"}


def test_every_file_that_is_mounted_is_there_and_cannot_be_changed_from_inside() -> None:
    for file in (PRODUCTION, TLS):
        for service in file["services"].values():
            for mount in service.get("volumes", ()):
                source, mode = mount.partition(":")[0], mount.rpartition(":")[2]
                if source.startswith("./"):
                    assert (PROJECT_ROOT / source).exists(), source
                    assert mode == "ro"


def test_every_volume_and_secret_is_declared() -> None:
    for service in SERVICES.values():
        named = {mount.partition(":")[0] for mount in service.get("volumes", ()) if not mount.startswith(".")}
        assert named <= PRODUCTION["volumes"].keys()
        assert set(service.get("secrets", ())) <= PRODUCTION["secrets"].keys() | TLS["secrets"].keys()


def test_with_tls_nobody_speaks_to_a_server_without_it() -> None:
    for name in ON_BROKER:
        assert TLS["services"][name]["environment"]["RABBITMQ_TLS"] == "true"
    for name in ON_STORE:
        assert TLS["services"][name]["environment"]["REDIS_TLS"] == "true"
    assert "https://proxy:11443" in TLS["services"]["sentiment-processor"]["environment"]["OLLAMA_HOST"]
    for name in WITH_SETTINGS:
        assert "tls_ca" in TLS["services"][name]["secrets"]


def test_the_servers_of_the_tests_are_those_of_production() -> None:
    assert {program.removesuffix("-server") for program in SERVER_PROGRAMS} <= SERVICES.keys()


def test_the_second_poller_has_sources_and_state_of_its_own_and_cachers_have_no_fixed_name() -> None:
    text = (PROJECT_ROOT / "docker-compose.more.yml").read_text()
    more = load(text)
    poller, cacher = more["services"]["news-poller-2"], more["services"]["signal-cacher"]
    assert poller["extends"] == {"file": "docker-compose.production.yml", "service": "news-poller"}
    assert poller["container_name"] not in CONTAINER_NAMES.values()
    mounted = {
        volume.rsplit(":", 2)[1] if volume.endswith(":ro") else volume.split(":")[1]
        for volume in poller["volumes"]
    }
    assert mounted == {"/var/lib/cryptoboy", SERVICES["news-poller"]["environment"]["NEWS_SOURCES_FILE"]}
    assert not set(more["volumes"]) & set(PRODUCTION["volumes"])
    assert "container_name: !reset null" in text
    assert cacher == {"container_name": None, "deploy": {"replicas": 2}}
    assert "ports" not in SERVICES["signal-cacher"]


def test_redis_cli_in_the_container_comes_before_the_real_one_with_the_secret_of_a_reader() -> None:
    redis = SERVICES["redis"]
    assert "./deploy/redis/redis-cli:/usr/local/sbin/redis-cli:ro" in redis["volumes"]
    assert redis["secrets"] == ["redis_reader"]
    assert (PROJECT_ROOT / "deploy/redis/redis-cli").stat().st_mode & 0o111
