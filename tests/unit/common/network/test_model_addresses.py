from __future__ import annotations

import pytest

from services.common.network.model_addresses import ollama_address, ollama_servers, openai_servers


# The Ollama server's own rules for the variable by which it is told where to listen.
@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost", "http://localhost:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        ("example.com:1234", "http://example.com:1234"),
        ("gpu_box", "http://gpu_box:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("host:", "http://host:11434"),
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]", "http://127.0.0.1:11434"),
        ("[::]:8080", "http://127.0.0.1:8080"),
        ("::", "http://127.0.0.1:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        (' "1.2.3.4" ', "http://1.2.3.4:11434"),
        ("'1.2.3.4:5'", "http://1.2.3.4:5"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("HTTPS://host:8443", "https://host:8443"),
        ("https://example.com/ollama/", "https://example.com:443/ollama"),
        ("example.com/ollama", "http://example.com:11434/ollama"),
        ("http://user:pass@host:1/", "http://user:pass@host:1"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_an_address_is_read_as_the_ollama_server_reads_it(text: str, url: str) -> None:
    assert ollama_address(text) == url
    assert ollama_address(url) == url


@pytest.mark.parametrize(
    "text",
    ["host:port", "host:66000", "host:-1", ":0", "ftp://host", "two words", "http://[::1", "a|b", "::1]"],
)
def test_what_is_no_address_is_told_with_how_to_write_one(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no address of a server; write HOST, HOST:PORT, :PORT or http://HOST:PORT"
    ):
        ollama_address(text)


def test_a_password_in_an_address_is_never_shown() -> None:
    for read in (ollama_servers, openai_servers):
        with pytest.raises(ValueError, match="no address") as refused:
            read("http://user:hunter2@host:port")
        assert "hunter2" not in str(refused.value)


def test_several_are_separated_by_commas_and_each_is_there_once() -> None:
    assert ollama_servers("gpu, http://b:2 ,gpu:11434,") == ("http://gpu:11434", "http://b:2")
    assert openai_servers("http://a/v1/,http://a/v1, https://b:1/v1") == ("http://a/v1", "https://b:1/v1")


@pytest.mark.parametrize(
    "text", ["localhost:8000/v1", "http://", "http:///v1", "http://a:port/v1", "http://a,b", ""]
)
def test_an_openai_server_is_named_with_its_scheme(text: str) -> None:
    with pytest.raises(ValueError, match="such as http://localhost:8000/v1"):
        openai_servers(text)
