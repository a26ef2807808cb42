"""The environment of a real machine: proxies, certificates, files of variables, and what others put there.

Each either works or stops the start with a sentence that names the variable or the line.
"""

import codecs
import os
import re
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketStream
from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.http_send import NeverLeft, new_client, send_once
from monarch.app.doctor.asked import unreached
from monarch.core.github.reply import Reply
from monarch.settings import ConfigurationError, Settings, load_settings, settings_from
from monarch.settings.mistakes import OF_COMPOSE
from monarch.settings.proxies import proxy_for
from monarch.settings.values import Wrong
from tests.tls import AUTHORITY, CERTIFICATE, KEY

ROOT = Path(__file__).resolve().parent.parent
GITHUB = "https://api.github.com"
PROXY = "http://proxy.example:3128"


def mistakes_of(**variables: str) -> tuple[str, ...]:
    """What is wrong with these variables, in a process that has no others."""
    with pytest.raises(ConfigurationError) as caught:
        settings_from(variables)
    return caught.value.mistakes


# ------------------------------------------------------------------------------------------- proxies


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({}, GITHUB, None),
        ({"HTTPS_PROXY": PROXY}, GITHUB, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, GITHUB, PROXY),
        ({"HTTP_PROXY": PROXY}, GITHUB, None),
        ({"HTTP_PROXY": PROXY}, "http://github.school.example/api/v3", PROXY),
        ({"ALL_PROXY": PROXY}, GITHUB, PROXY),
        ({"HTTPS_PROXY": "proxy.example:3128"}, GITHUB, PROXY),
        ({"ALL_PROXY": "socks5://p:1080", "HTTPS_PROXY": PROXY}, GITHUB, PROXY),
        ({"HTTPS_PROXY": PROXY}, "https://localhost:8443", None),
        ({"HTTPS_PROXY": PROXY}, "http://127.0.0.9:1", None),
        ({"ALL_PROXY": PROXY}, "http://[::1]:1", None),
    ],
)
def test_the_proxy_that_counts(variables: dict[str, str], url: str, expected: str | None) -> None:
    """By the scheme of the address; a scheme of its own may be left out; this machine needs none."""
    assert proxy_for(url, variables) == expected


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", GITHUB, True),
        ("github.com", GITHUB, True),
        (".github.com", GITHUB, True),
        ("*.github.com", GITHUB, True),
        ("GitHub.com", GITHUB, True),
        ("api.github.com:443", GITHUB, True),
        ("api.github.com:8443", GITHUB, False),
        ("hub.com", GITHUB, False),
        ("a.example, github.com", GITHUB, True),
        ("a.example github.com", GITHUB, True),
        ("10.0.0.0/8", "https://10.1.2.3/api/v3", True),
        ("10.0.0.0/8", "https://11.1.2.3/api/v3", False),
        ("10.1.2.3", "https://10.1.2.3:8443/api/v3", True),
        ("fd07:b51a:cc66::/64", GITHUB, False),
        ("127.0.0.1,fd07:b51a:cc66::/64", "https://[fd07:b51a:cc66::5]/api/v3", True),
        ("[fd07::5]", "https://[fd07::5]/api/v3", True),
        ("[fd07::5]:8443", "https://[fd07::5]/api/v3", False),
        ("fd07::5", "https://[fd07::5]/api/v3", True),
        ("[::1", GITHUB, False),
        ("http://github.com", GITHUB, True),
        ("https://api.github.com/", GITHUB, True),
        ("https://api.github.com:8443/", GITHUB, False),
        ("slack.com;github.com", GITHUB, True),
        ('"a.example,github.com"', GITHUB, True),
        ("[fd07::]/8", "https://[fd07::5]/api/v3", True),
        ("[fd07::]/8", "https://[fe07::5]/api/v3", False),
        (f"github.com:{'9' * 5000}", GITHUB, False),
        (",, ,/,:,[]:,.,..", GITHUB, False),
    ],
)
def test_no_proxy_names_hosts_addresses_and_networks(
    no_proxy: str, url: str, *, direct: bool
) -> None:
    """An entry that cannot be read names nothing, and does no harm."""
    assert proxy_for(url, {"ALL_PROXY": PROXY, "NO_PROXY": no_proxy}) == (None if direct else PROXY)


@pytest.mark.parametrize(
    "value",
    [
        "socks5://proxy:1080",
        "socks://proxy:1080",
        "SOCKS5H://u:secret@proxy:1080",
        "ftp://proxy",
        "http://",
        "http://proxy:port",
        "http://proxy:99999",
        "http://[::1",
        "http://u:secret@",
        "://",
        "http://a b",
        "http://proxy:0",
        "http://proxy..example:3128",
        "http://*:3128",
        f"http://{'a' * 64}:3128",
        "http://proxy.example/proxy.pac",
        "http://proxy.example?key=secret",
    ],
)
def test_a_proxy_that_cannot_be_one_stops_the_start(value: str) -> None:
    """It is named and not shown: there may be a password in it. GitHub and Slack both meet it: one mistake each host."""
    mistakes = mistakes_of(ALL_PROXY=value)

    assert all(each.startswith("ALL_PROXY: expected") for each in mistakes)
    assert all("secret" not in each for each in mistakes)
    assert "NO_PROXY" in mistakes[0]
    assert settings_from({"ALL_PROXY": value, "NO_PROXY": "*"}).github_proxy is None


@given(st.dictionaries(st.sampled_from(["HTTPS_PROXY", "all_proxy", "NO_PROXY"]), st.text()))
def test_whatever_stands_there_is_a_way_or_a_sentence(variables: dict[str, str]) -> None:
    """Never another error, here or in the client that is given it."""
    try:
        told = httpx.Proxy(proxy_for(GITHUB, variables) or "http://none").url.scheme
    except Wrong as wrong:
        told = str(wrong)

    assert told.lower().startswith(("http", "https", "https_proxy: exp", "all_proxy: exp"))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_proxy_that_cannot_be_reached_is_to_blame() -> None:
    """And not GitHub: people would look at the wrong end, and so would the doctor's advice."""
    async with new_client(GITHUB, {}, None, "http://u:hunter2@127.0.0.1:1") as client:
        sent = await send_once(client, "GET", "user", deadline_s=10)

    assert isinstance(sent, NeverLeft)
    assert sent.reason.endswith("(api.github.com:443, by way of the proxy 127.0.0.1:1)")
    assert unreached(sent, "GITHUB_API_URL").startswith("Correct the proxy (HTTPS_PROXY,")


@pytest.mark.parametrize(
    ("broke", "advice"),
    [
        ("certificate verify failed: certificate is not yet valid", "clock right"),
        ("certificate verify failed: certificate has expired", "clock right, or"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate",
            "Set SSL_CERT_FILE in the env",
        ),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "correct https:// in SLACK_API_URL"),
        ("[Errno -2] Name or service not known", "Check the network and SLACK_API_URL."),
    ],
)
def test_what_to_do_follows_from_what_broke(broke: str, advice: str) -> None:
    """An address that is right is not to be corrected because a certificate is not trusted."""
    assert advice in unreached(NeverLeft(f"ConnectError: {broke} (slack.com:443)"), "SLACK_API_URL")


def test_a_proxys_password_is_a_secret() -> None:
    """Logs leave it out."""
    assert "hunter2" in settings_from({"HTTPS_PROXY": "http://u:hunter2@proxy:1"}).secrets()


async def test_a_client_asks_its_proxy_for_what_is_elsewhere() -> None:
    """And no other, whatever the process's environment says."""
    asked: list[bytes] = []

    async def answer(stream: SocketStream) -> None:
        async with stream:
            asked.append((await stream.receive()).split(b"\r\n")[0])
            await stream.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, answer)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
        async with new_client(
            "http://github.example/", {}, None, f"http://127.0.0.1:{port}"
        ) as client:
            sent = await send_once(client, "GET", "user", deadline_s=10)
        tasks.cancel_scope.cancel()

    assert isinstance(sent, Reply)
    assert asked == [b"GET http://github.example/user HTTP/1.1"]


# -------------------------------------------------------------------------------------------- quotes


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("name", ["GH_PAT", "SLACK_BOT_TOKEN", "MONARCH_CHANNEL", "VALKEY_PORT"])
def test_the_quotes_of_a_file_are_no_part_of_a_value(name: str, quote: str) -> None:
    """`docker run --env-file` keeps them: a channel in quotes hears nothing, with every light green."""
    (mistake,) = mistakes_of(**{name: f"{quote}123{quote}"})

    assert mistake.startswith(f"{name}: expected a value without quotes")
    assert "123" not in mistake


def test_a_password_may_be_in_quotes() -> None:
    """It may have any characters."""
    password = settings_from({"VALKEY_PASSWORD": "'x'"}).valkey_password
    assert password is not None
    assert password.get_secret_value() == "'x'"


# -------------------------------------------------------------------------------------- certificates


def test_certificates_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    """Each is named with what is wrong, all at once."""
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate\n", encoding="utf-8")

    file, folder, keylog, valkey = mistakes_of(
        SSL_CERT_FILE=str(junk),
        SSL_CERT_DIR=str(tmp_path / "none"),
        SSLKEYLOGFILE=str(tmp_path / "none" / "keys"),
        VALKEY_URL=f"valkeys://h?ssl_ca_certs={tmp_path / 'missing'}",
    )

    assert "SSL_CERT_FILE: expected a file of certificates in PEM" in file
    assert "no certificate" in file
    assert folder.startswith("SSL_CERT_DIR: expected a folder")
    assert keylog.startswith("SSLKEYLOGFILE: expected a file that can be written")
    assert "VALKEY_URL: expected certificates in PEM for ssl_ca_certs" in valkey
    assert "No such file" in valkey


def test_a_folder_without_certificates_stops_the_start(tmp_path: Path) -> None:
    """OpenSSL finds a certificate by the hash in its name, so with other names nothing at all would be trusted."""
    (told,) = mistakes_of(SSL_CERT_DIR=str(tmp_path))
    assert "openssl rehash" in told

    (tmp_path / "school.pem").touch()
    assert mistakes_of(SSL_CERT_DIR=f"/nowhere:{tmp_path}")

    (tmp_path / "82965258.0").touch()
    settings_from({"SSL_CERT_DIR": f"/nowhere:{tmp_path}"})


def test_a_pipe_of_certificates_stops_the_start(tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    pipe = str(tmp_path / "pipe")

    ours, valkeys = mistakes_of(SSL_CERT_FILE=pipe, VALKEY_URL=f"valkeys://h?ssl_ca_certs={pipe}")

    assert "a pipe or a device" in ours
    assert "a pipe or a device" in valkeys


@pytest.mark.parametrize("value", [" ", "/etc/ssl/cert.pem ", "\t/etc/ssl/cert.pem"])
def test_white_space_around_a_path_of_certificates_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """The libraries read it to the letter, and would end with a traceback."""
    monkeypatch.setenv("SSL_CERT_FILE", value)

    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE: expected a path alone"):
        load_settings(env_file=None)


def test_certificates_in_the_file_are_not_out_of_sight(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The libraries read the process's environment alone; what both have is as it should be."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    line = f"SSL_CERT_FILE={AUTHORITY}\n".encode()

    assert "SSL_CERT_FILE: expected it in the environment" in refused(tmp_path, line)

    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    loaded_from(tmp_path, line)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("ssl_keyfile={key}", "got ssl_keyfile alone"),
        ("ssl_certfile={certificate}", "and its private key, without a passphrase"),
        ("ssl_certfile={certificate}&ssl_keyfile={certificate}", "and its private key"),
        ("ssl_certfile={key}&ssl_keyfile={key}", "expected a certificate in PEM for ssl_certfile"),
    ],
)
def test_a_certificate_of_our_own_without_its_key_stops_the_start(query: str, told: str) -> None:
    """The client would say "PEM lib" with each connection."""
    filled = query.format(certificate=CERTIFICATE, key=KEY)

    (mistake,) = mistakes_of(VALKEY_URL=f"valkeys://h?{filled}")

    assert told in mistake
    settings_from({"VALKEY_URL": f"valkeys://h?ssl_certfile={CERTIFICATE}&ssl_keyfile={KEY}"})


# ------------------------------------------------------------------------------------ a file of them


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HTTPS_PROXI", "HTTPS_PROXY"),
        ("NOPROXY", "NO_PROXY"),
        ("SSL_CERT_FLIE", "SSL_CERT_FILE"),
        ("NO_COLOUR", "NO_COLOR"),
    ],
)
def test_a_misspelt_variable_of_a_library_is_a_mistake_in_the_file(
    tmp_path: Path, name: str, meant: str
) -> None:
    """It would have no effect, in silence."""
    assert f"{name}: expected no such variable; did you mean {meant}?" in refused(
        tmp_path, f"{name}=x\n".encode()
    )


@pytest.mark.parametrize("name", ["https_proxy", "FTP_PROXY", "NO_COLOR", "no_proxy"])
def test_other_programs_variables_are_left_alone(tmp_path: Path, name: str) -> None:
    """In the file, too."""
    loaded_from(tmp_path, f"{name}=http://proxy.example:1\n".encode())


def loaded_from(folder: Path, content: bytes) -> Settings:
    """The settings of a file with these bytes."""
    file = folder / ".env"
    file.write_bytes(content)
    return load_settings(env_file=file)


def refused(folder: Path, content: bytes) -> str:
    """What is said of such a file."""
    with pytest.raises(ConfigurationError) as caught:
        loaded_from(folder, content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'MONARCH_NAMESPACE="unclosed\nVALKEY_PORT=1\n', 1),
        (b"VALKEY_PORT=1\n\nthis is no assignment\n", 3),
        (b"GH_PAT\n", 1),
        (b"VALKEY_PORT=1\nGH_PAT='a'b\n", 2),
        (b"=1\n", 1),
    ],
)
def test_a_line_that_cannot_be_read_stops_the_start(
    tmp_path: Path, content: bytes, line: int
) -> None:
    """A skipped line would leave a command at work in another installation."""
    told = refused(tmp_path, content)

    assert f".env line {line}: expected NAME=value" in told
    assert "unclosed" not in told


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF16_LE + "GH_PAT=x\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "GH_PAT=x\n".encode("utf-16-be"),
        "GH_PAT=x\n".encode("utf-16-le"),
        b"GH_PAT=x\n\xff\xfe\xfa",
        b"\x7fELF\0\0\0",
    ],
)
def test_a_file_that_is_no_text_stops_the_start(tmp_path: Path, content: bytes) -> None:
    """As PowerShell writes it, or something else entirely."""
    assert "expected text in UTF-8" in refused(tmp_path, content)


def test_a_folder_in_the_files_place_stops_the_start(tmp_path: Path) -> None:
    """Docker makes one where a file is missing that was to be mounted."""
    with pytest.raises(ConfigurationError, match="expected a file; got a folder"):
        load_settings(env_file=tmp_path)


def test_a_link_that_leads_nowhere_stops_the_start(tmp_path: Path) -> None:
    """It was meant to lead somewhere; without it the command works in another installation."""
    link = tmp_path / ".env"
    for target in (tmp_path / "gone", link):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(ConfigurationError, match="got a link that leads to no file"):
            load_settings(env_file=link)


def test_a_pipe_in_the_files_place_is_no_folder(tmp_path: Path) -> None:
    """And it is not read: that might wait for ever."""
    os.mkfifo(tmp_path / ".env")

    with pytest.raises(ConfigurationError, match="got a pipe or a device"):
        load_settings(env_file=tmp_path / ".env")


def test_a_variable_with_two_values_in_one_file_contradicts(tmp_path: Path) -> None:
    """Neither wins in silence, and neither is shown; the same one twice is fine, and so is one that was left empty."""
    told = refused(tmp_path, b"MONARCH_NAMESPACE=first\nGH_PAT=x\nMONARCH_NAMESPACE=second\n")

    assert "line 3: MONARCH_NAMESPACE: expected the value of line 1; got another one" in told
    assert "second" not in told
    twice = b"MONARCH_NAMESPACE=\nMONARCH_NAMESPACE=a\nMONARCH_NAMESPACE=a\n"
    assert loaded_from(tmp_path, twice).namespace == "a"


def test_a_value_above_an_empty_line_of_the_template_is_not_lost_in_silence(tmp_path: Path) -> None:
    """Who put a token above a copy of the template had none: the last line counts, and it was empty."""
    told = refused(tmp_path, b"GH_PAT=x\n# the template\nGH_PAT=\n")

    assert "line 3: GH_PAT: expected the value of line 1; got nothing, and the last one" in told


@pytest.mark.parametrize(
    "value",
    ["pa${NOPE}ss", "$HOME", "${HOME:-x}", "$$", "a$b$$c", "1$", "$1", "a$-b", r"a\$1", "${"],
)
def test_a_value_in_single_quotes_is_taken_as_it_stands(tmp_path: Path, value: str) -> None:
    """`pa${NOPE}ss` became `pass`, without a word, though the template says to quote it so."""
    settings = loaded_from(tmp_path, f"VALKEY_PASSWORD='{value}' # $X\n".encode())

    assert settings.valkey_password is not None
    assert settings.valkey_password.get_secret_value() == value


@pytest.mark.parametrize(
    "line",
    [
        "MONARCH_ALLOWED_TARGETS=${ORG_GLOBS}",
        'MONARCH_ALLOWED_TARGETS="o/${NAME:-*}"',
        "export MONARCH_ALLOWED_TARGETS = o/$NAME # 'x'",
        "MONARCH_ALLOWED_TARGETS=o/$_x",
        "MONARCH_ALLOWED_TARGETS=o/$$x",
        r'MONARCH_ALLOWED_TARGETS="o/\$1"',
        r'MONARCH_ALLOWED_TARGETS="o/\\$x"',
    ],
)
def test_a_value_of_which_compose_makes_another_one_stops_the_start(
    tmp_path: Path, line: str
) -> None:
    """An allowlist from `${ORG_GLOBS}` was empty, and that lets in every repository."""
    told = refused(tmp_path, f"GH_PAT=x\n\n{line}\n".encode())

    assert (
        ".env line 3: MONARCH_ALLOWED_TARGETS: expected a value that Docker Compose reads" in told
    )
    assert "in single quotes" in told


def test_every_dollar_is_said_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    """What each kind means, since `$$` is right for Compose alone."""
    told = refused(tmp_path, b'VALKEY_PASSWORD="se$$cret\\$x$y"\nMONARCH_LEASE_SECONDS=$NOPE\n')

    assert "a $ with a name, which Compose replaces, and a $$, which Compose reads as one $" in told
    assert r"a \$, which Compose reads as a $ alone" in told
    assert ".env line 2: MONARCH_LEASE_SECONDS: expected a value that Docker" in told
    assert "cret" not in told.replace("a secret", "")


@pytest.mark.parametrize(
    "written", ["a$", "a$1", "a$-b", '"a$."', '"a$ b" # $x', "a # $x", r'"a\\$1"', r"a\$1", "a$é"]
)
def test_a_dollar_that_compose_leaves_alone_is_fine(tmp_path: Path, written: str) -> None:
    """It means the same to both."""
    settings = loaded_from(tmp_path, f"VALKEY_PASSWORD={written}\n".encode())

    assert settings.valkey_password is not None
    assert "$" in settings.valkey_password.get_secret_value() or "#" in written


@pytest.mark.parametrize("name", ["DATA_FOLDER", "GRAFANA_PASSWORD"])
def test_a_dollar_in_what_monarch_does_not_read_is_theirs(tmp_path: Path, name: str) -> None:
    """Compose alone reads it, so it means one thing."""
    assert loaded_from(tmp_path, f"{name}=${{HOME}}/x\n".encode()) == Settings()


def test_every_mistake_of_file_and_environment_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One start is enough to mend all."""
    monkeypatch.setenv("MONARCH_CONCURRENCY", "none")
    told = refused(tmp_path, b"VALKEY_PASWORD=x\nGITHUB_TOKEN=y\nbroken\n")

    assert "line 3" in told
    assert "MONARCH_CONCURRENCY" in told
    assert "VALKEY_PASWORD" in told
    assert "GITHUB_TOKEN" in told


def test_a_bad_line_does_not_make_the_other_lines_look_missing(tmp_path: Path) -> None:
    """GH_PAT is set, so "set it" would be wrong; and a wrong port is told in the same start."""
    (tmp_path / ".env").write_text("GH_PAT=x\nbroken\nVALKEY_PORT=no\n")

    with pytest.raises(ConfigurationError) as caught:
        load_settings(needs_github=True, env_file=tmp_path / ".env")

    assert [said.split(":")[0] for said in caught.value.mistakes] == [
        f"{tmp_path / '.env'} line 2",
        f"{tmp_path / '.env'} line 3",
    ]


def test_a_wrong_value_is_told_with_its_line_where_the_file_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's value counts before the file's, so the file's line would be the wrong place to look."""
    content = b"GH_PAT=x\n\nVALKEY_PORT=no\nMONARCH_CONCURRENCY=none\n"
    monkeypatch.setenv("MONARCH_CONCURRENCY", "some")
    told = refused(tmp_path, content)

    assert f"{tmp_path / '.env'} line 3: VALKEY_PORT: expected" in told
    assert "line 4" not in told
    assert "got 'some'" in told


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VALKEY_PASWORD", "VALKEY_PASSWORD"),
        ("GITHUB_TOKEN", "GH_PAT"),
        ("GH_TOKEN", "GH_PAT"),
        ("SLACK_BOTTOKEN", "SLACK_BOT_TOKEN"),
        ("VALKY_HOST", "VALKEY_HOST"),
        ("MONRACH_CHANNEL", "MONARCH_CHANNEL"),
        ("valkey_host", "VALKEY_HOST"),
        ("SLACK_WEBHOOK", ""),
    ],
)
def test_a_misspelt_name_in_the_file_is_met_with_the_nearest(
    tmp_path: Path, name: str, meant: str
) -> None:
    """Of any prefix: the file is Monarch's own."""
    told = refused(tmp_path, f"{name}=x\n".encode())

    assert f"{name}: expected no such variable" in told
    assert meant in told


@pytest.mark.parametrize("name", ["MONARCH_CHANEL", "VALKEY_HOTS", "SLACK_WEBHOOK", "MONARCH_X"])
def test_a_misspelt_name_in_the_file_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    """Of each prefix, our own too: the file is long, and there may be several of them."""
    told = refused(tmp_path, f"# Ours\nVALKEY_PORT=1\n\n\n{name}=x\n".encode())

    assert f"{tmp_path / '.env'} line 5: {name}: expected no such variable" in told
    assert told.count(name) == 1


def test_mistakes_of_a_file_are_listed_from_its_top_down(tmp_path: Path) -> None:
    """They came in the order in which they were found, from line 5 up to line 2."""
    content = b"# Ours\nMONARCH_CHANEL=x\nVALKEY_PORT=x\nVALKEY_HOTS=x\nSLACK_WEBHOOK=x\n"

    told = refused(tmp_path, content)

    assert re.findall(r" line (\d+): ", told) == ["2", "3", "4", "5"]


def test_a_misspelt_name_that_stands_elsewhere_has_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's own counts, whatever the file has."""
    monkeypatch.setenv("MONARCH_CHANEL", "x")

    assert "\n- MONARCH_CHANEL: expected" in refused(tmp_path, b"MONARCH_CHANEL=y\n")


@pytest.mark.parametrize("line", ["1X=2", "FOO-BAR=1", "a.b=1", "MONARCH CHANNEL=x", "é=1", "$X=1"])
def test_what_cannot_be_a_name_stops_the_start_with_its_line(tmp_path: Path, line: str) -> None:
    """No program could read it, so it was meant for something else; the lines beside it still count."""
    told = refused(tmp_path, f"VALKEY_DB=no\n{line}\nVALKEY_PORT=no\n".encode())

    assert f"{tmp_path / '.env'} line 2: expected NAME=value" in told
    assert "VALKEY_DB: expected" in told
    assert "VALKEY_PORT: expected" in told


@pytest.mark.parametrize("name", ["lower", "PATH", "FOO_BAR", "_X", "COMPOSE_PROFILES"])
def test_a_name_without_a_prefix_of_ours_belongs_to_another_program(
    tmp_path: Path, name: str
) -> None:
    """As the page says: the file may serve other programs too."""
    assert loaded_from(tmp_path, f"{name}=2\n".encode()) == Settings()


def test_what_compose_reads_from_the_file_is_no_mistake(tmp_path: Path) -> None:
    """How many workers, which ports of the host, and Grafana's password."""
    read = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))

    assert read == OF_COMPOSE
    assert loaded_from(tmp_path, "".join(f"{name}=3\n" for name in read).encode()) == Settings()


@pytest.mark.parametrize(
    "name",
    [
        *("GITHUB_TOKEN", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_ACTOR_ID", "GITHUB_SERVER_URL"),
        *("GH_HOST", "SLACK_HOOK", "SLACK_APP_TOKEN", "VALKEY_VERSION", "VALKEY_EXTRA_FLAGS"),
    ],
)
def test_what_others_put_into_the_environment_is_theirs(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """CI systems and other programs have variables of these prefixes, too."""
    monkeypatch.setenv(name, "x")

    assert load_settings(env_file=None) == Settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VALKEY_PASWORD", "VALKEY_PASSWORD"),
        ("VALKEY_PASS", "VALKEY_PASSWORD"),
        ("VALKEY_USER", "VALKEY_USERNAME"),
        ("VALKEY_HOSTNAME", "VALKEY_HOST"),
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("GH_PATT", "GH_PAT"),
        ("GITHUB_APPID", "GITHUB_APP_ID"),
    ],
)
def test_a_misspelt_name_in_the_environment_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    """Where it is nearly a setting's."""
    monkeypatch.setenv(name, "x")

    with pytest.raises(ConfigurationError, match=f"did you mean {meant}"):
        load_settings(env_file=None)


def test_a_missing_token_says_which_other_is_there() -> None:
    """Most tools read GITHUB_TOKEN."""
    with pytest.raises(ConfigurationError, match="GITHUB_TOKEN is set; Monarch reads GH_PAT alone"):
        settings_from({"GITHUB_TOKEN": "x"}, needs_github=True)


def test_two_slack_tokens_contradict() -> None:
    """Neither wins in silence; the same one twice is fine."""
    (mistake,) = mistakes_of(SLACK_TOKEN="a", SLACK_BOT_TOKEN="b")

    assert "SLACK_TOKEN" in mistake
    assert settings_from({"SLACK_TOKEN": "a", "SLACK_BOT_TOKEN": "a"}).slack_bot_token is not None


@pytest.mark.parametrize(
    "service", ["MONARCH", "MONARCH_WEB", "MONARCH_METRICS", "VALKEY", "VALKEY_SENTINEL", "SLACK"]
)
def test_what_kubernetes_adds_for_a_service_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """`VALKEY_PORT=tcp://10.0.0.1:6379` beside a Service that is called "valkey"."""
    for name in os.environ:
        if name.startswith(service):
            monkeypatch.delenv(name)
    port = f"{service}_PORT"
    monkeypatch.setenv(port, "tcp://10.0.0.1:6379")
    monkeypatch.setenv(f"{service}_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv(f"{service}_SERVICE_PORT", "6379")
    for ending, value in {"": port, "_PROTO": "tcp", "_PORT": "6379", "_ADDR": "10.0.0.1"}.items():
        monkeypatch.setenv(f"{port}_6379_TCP{ending}", value)

    assert load_settings(env_file=None) == Settings()
