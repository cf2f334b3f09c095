from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from services.cli.deploy import redis_acl, render, write
from services.common.errors import StopProgram
from services.operations.secrets.certificates import (
    CA_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    SERVER_NAMES,
    VALID_DAYS,
    make_certificates,
)
from services.operations.secrets.files import (
    BROKER_SECRETS,
    GIVEN,
    MADE,
    STORE_SECRETS,
    make_secrets,
    read_passwords,
    tell_compose,
)


def test_the_folder_is_closed_and_every_password_is_long_and_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    done = make_secrets(folder)
    assert set(done.made) == {*MADE, *GIVEN}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    passwords = [(folder / name).read_text().strip() for name in MADE]
    assert len(set(passwords)) == len(MADE)
    assert min(map(len, passwords)) >= 32
    # Containers of several users read them; a key that others issue is written by hand.
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in MADE} == {0o444}
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in GIVEN} == {0o644}


def test_a_folder_that_stood_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    make_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_there_stays_and_a_password_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "openai_api_key").write_text("of the operator")
    before = {name: (tmp_path / name).read_text() for name in MADE}
    (tmp_path / "redis_strategy").unlink()
    done = make_secrets(tmp_path)
    assert done.made == ("redis_strategy",)
    after = {name: (tmp_path / name).read_text() for name in MADE}
    assert {name for name in MADE if before[name] != after[name]} == {"redis_strategy"}
    assert (tmp_path / "openai_api_key").read_text() == "of the operator"


def test_compose_is_told_once_and_other_lines_stay(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DRY_RUN=true\nCRYPTOBOY_SECRETS=/old\n")
    for _ in range(2):
        tell_compose(env_file, Path("/new"))
        assert env_file.read_text() == "DRY_RUN=true\nCRYPTOBOY_SECRETS=/new\n"


def test_a_missing_or_empty_password_is_named_with_the_way_out(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "redis_strategy").unlink()
    (tmp_path / "redis_operator").chmod(0o600)
    (tmp_path / "redis_operator").write_text(" \n")
    with pytest.raises(StopProgram, match=r"lacks redis_strategy, redis_operator: \./cryptoboy secrets init"):
        read_passwords(tmp_path, STORE_SECRETS)
    assert read_passwords(tmp_path, BROKER_SECRETS).keys() == BROKER_SECRETS.keys()


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StopProgram, match="cannot be written"):
        make_secrets(tmp_path / "file" / "secrets")


def test_a_server_s_file_is_replaced_in_one_step_and_can_be_read_by_the_server(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    out = tmp_path / "users.acl"
    for _ in range(2):
        redis_acl(out, tmp_path)
    assert out.read_text().startswith("user default off")
    assert stat.S_IMODE(out.stat().st_mode) == 0o444
    assert not list(tmp_path.glob(".users.acl*"))
    with pytest.raises(StopProgram, match="--out"):
        write(render({}), tmp_path / "nowhere" / "definitions.json")


def test_certificates_are_of_the_ca_and_for_every_name_of_the_servers(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    ca = x509.load_pem_x509_certificate((tmp_path / CA_FILE).read_bytes())
    certificate = x509.load_pem_x509_certificate((tmp_path / CERTIFICATE_FILE).read_bytes())
    certificate.verify_directly_issued_by(ca)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    given = {str(name.value) for name in names}
    assert given == set(SERVER_NAMES)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert b"PRIVATE KEY" in (tmp_path / KEY_FILE).read_bytes()
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == VALID_DAYS


def test_certificates_made_again_replace_the_old_ones(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    before = (tmp_path / KEY_FILE).read_bytes()
    make_certificates(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() != before


def test_a_secret_that_is_there_is_not_taken_over_again(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    operator = (tmp_path / "redis_operator").read_text()
    (tmp_path / "binance_api_key").write_text("newer")
    done = make_secrets(
        tmp_path, {"binance_api_key": "older", "telegram_bot_token": "1:a", "redis_operator": "mine"}
    )
    assert done.taken_over == ("telegram_bot_token",)
    assert (tmp_path / "binance_api_key").read_text() == "newer"
    assert (tmp_path / "redis_operator").read_text() == operator
