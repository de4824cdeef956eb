# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a request that failed, on real sockets, and on the oldest requests and urllib3, too.

Peers and the proxy are a few lines on sockets, because a server or proxy that is made for use can't be told to break off
in the middle of a handshake, between two bytes, or right after a tunnel is open.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest
import trustme
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ConnectionFailed, InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.wire import Connection, Wire

PROXY_PASSWORD = "s3cr3t-0f-the-proxy"
TOKEN = "s3cr3t-t0ken"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


Serve = Callable[[Any], None]


class Peer:
    """A listener; what it does with each connection, one after the other, is up to ``serve``."""

    def __init__(self, *serve: Serve, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[bytes] = []
        self._serve = serve
        self._context = context
        self._connections: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for serve in itertools.chain(self._serve, itertools.repeat(self._serve[-1])):
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self._connections.append(threading.Thread(target=self._one, args=(serve, connection), daemon=True))
            self._connections[-1].start()

    def _one(self, serve: Serve, connection: Any) -> None:
        with suppress(OSError), connection:
            if self._context is None:
                serve(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    serve(secured)

    def settle(self) -> None:
        """Returns when no connection is open any more."""
        for thread in self._connections:
            thread.join()

    def stop(self) -> None:
        # A close alone would not wake the thread that waits for a connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def read_request(connection: Any) -> bytes:
    """A whole request: what is left unread makes the end of a connection a reset, which overtakes what was said before."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: ([0-9]+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return head
        received = connection.recv(65536)
        if not received:
            raise OSError
        data += received


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """What a server needs, and the file that a client trusts."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return context, str(path)


class Peers:
    """Starts peers that speak TLS, unless told otherwise."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._started: list[Peer] = []

    def __call__(self, *serve: Serve, tls: bool = True, context: ssl.SSLContext | None = None) -> Peer:
        self._started.append(Peer(*serve, context=(context or self._context) if tls else None))
        return self._started[-1]

    def settle(self) -> None:
        """Returns when no connection is open any more."""
        for peer in self._started:
            peer.settle()

    def stop(self) -> None:
        for peer in self._started:
            peer.stop()


@pytest.fixture
def peers(authority: tuple[ssl.SSLContext, str]) -> Iterator[Peers]:
    started = Peers(authority[0])
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


def tunnel(connection: Any) -> None:
    """What a proxy does that does its duty."""
    head = read_request(connection)
    host, _colon, port = head.split()[1].decode().rpartition(":")
    with socket.create_connection((host, int(port))) as beyond:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(beyond, connection), daemon=True)
        back.start()
        pump(connection, beyond)
        back.join()


def pump(source: Any, sink: Any) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    # Both ways: half a connection is of no use to anybody here, and TLS can't be closed by half.
    for end in (source, sink):
        with suppress(OSError):
            socket.socket.shutdown(end, socket.SHUT_RDWR)


def answering(text: bytes) -> Serve:
    def serve(connection: Any) -> None:
        while True:
            read_request(connection)
            connection.sendall(text)

    return serve


def closing_after(text: bytes) -> Serve:
    def serve(connection: Any) -> None:
        read_request(connection)
        connection.sendall(text)

    return serve


def closing_at_once(connection: Any) -> None:
    """Before a byte was read."""


def saying(text: bytes) -> Serve:
    return lambda connection: connection.sendall(text)


def send(peer: Peer, ca_path: str, method: str = "POST", clock: Any = time, **options: Any) -> Any:
    connection = Connection("127.0.0.1", peer.port, access_token=TOKEN, ca_path=ca_path, **options)
    wire = Wire(connection, clock)
    try:
        return wire.send(method, "/api/security/ipsec/policies?name=web", {"name": "web"})
    finally:
        wire.close()


WAYS = ["direct", "http proxy", "https proxy"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, peers: Peers, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the array is reached. The proxy by name, because urllib3 before 1.26.6 knows none by HTTPS and address."""
    if request.param != "direct":
        scheme = request.param.split()[0]
        proxy = peers(tunnel, tls=scheme == "https")
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:{PROXY_PASSWORD}@localhost:{proxy.port}")
    return str(request.param)


BEFORE_A_BYTE_LEFT = {
    "closed before the handshake": (closing_at_once, False, "no TLS connection to 127.0.0.1"),
    "no TLS": (saying(b"SSH-2.0-OpenSSH_9.7\r\n"), False, "no TLS connection to 127.0.0.1"),
}
AFTER_BYTES_LEFT = {
    "closed after the handshake": (closing_at_once, True, "did not arrive whole"),
    "closed without an answer": (closing_after(b""), True, "did not arrive whole: the connection was closed"),
    "half a head": (closing_after(OK[:20]), True, "did not arrive whole"),
    "half a body": (closing_after(OK[:-1]), True, "did not arrive whole: the connection was closed"),
    "no HTTP": (closing_after(b"SSH-2.0-OpenSSH_9.7\r\n"), True, "did not arrive whole: what came is not HTTP"),
    "broken compression": (
        closing_after(OK.replace(b"Content-Length", b"Content-Encoding: gzip\r\nContent-Length")),
        True,
        "did not arrive whole: its compression is broken",
    ),
}


@pytest.mark.parametrize("fault", {**BEFORE_A_BYTE_LEFT, **AFTER_BYTES_LEFT})
def test_whether_a_request_left_is_known_whatever_is_between(
    fault: str, way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]
) -> None:
    serve, tls, sentence = {**BEFORE_A_BYTE_LEFT, **AFTER_BYTES_LEFT}[fault]
    with pytest.raises(ConnectionFailed) as caught:
        send(peers(serve, tls=tls), authority[1])
    assert caught.value.never_sent is (fault in BEFORE_A_BYTE_LEFT)
    assert not caught.value.lasting
    assert sentence in str(caught.value)
    check_silence(caught.value)


def check_silence(error: BaseException) -> None:
    """No secret, and no exception of others that could have one, comes along."""
    assert not {PROXY_PASSWORD, TOKEN} & set(str(error).replace(":", " ").replace("@", " ").split())
    assert error.__cause__ is None
    assert error.__context__ is None


def test_an_answer_comes_whichever_way(way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]) -> None:
    assert send(peers(answering(OK)), authority[1]).json() == {}


def test_nobody_listens(way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]) -> None:
    peer = peers(closing_at_once)
    peer.stop()
    with pytest.raises(ConnectionFailed, match="no connection|did not connect|no TLS connection") as caught:
        send(peer, authority[1])
    assert caught.value.never_sent
    check_silence(caught.value)


PROXIES = {
    "wrong password": (
        closing_after(b"HTTP/1.1 407 No, s3cr3t\r\n\r\n"),
        "the proxy localhost:.* did not connect to .*: it answered HTTP 407",
        True,
    ),
    "no way": (
        closing_after(b"HTTP/1.1 502 No, s3cr3t\r\n\r\n"),
        "the proxy localhost:.* did not connect to .*: it answered HTTP 502",
        False,
    ),
    "closed at once": (closing_at_once, "the proxy localhost:.* did not connect to", False),
    "closed without an answer": (closing_after(b""), "the proxy localhost:.* did not connect to", False),
    "no HTTP": (
        closing_after(b"s3cr3t\r\n"),
        "the proxy localhost:.* did not connect to .*: what came is not HTTP",
        False,
    ),
    "closed right behind the tunnel": (
        closing_after(b"HTTP/1.1 200 Connection established\r\n\r\n"),
        "no TLS connection to",
        False,
    ),
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("fault", PROXIES)
def test_what_a_proxy_refuses_was_never_sent(
    fault: str,
    scheme: str,
    peers: Peers,
    authority: tuple[ssl.SSLContext, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve, sentence, lasting = PROXIES[fault]
    proxy = peers(serve, tls=scheme == "https")
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:{PROXY_PASSWORD}@localhost:{proxy.port}")
    with pytest.raises(ConnectionFailed, match=sentence) as caught:
        send(peers(answering(OK)), authority[1])
    assert (caught.value.never_sent, caught.value.lasting) == (True, lasting)
    assert "s3cr3t" not in str(caught.value)
    check_silence(caught.value)


def test_a_connection_that_was_closed_while_idle_is_opened_anew(
    way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]
) -> None:
    peer = peers(closing_after(OK))
    wire = Wire(Connection("127.0.0.1", peer.port, access_token=TOKEN, ca_path=authority[1]))
    for _request in range(2):
        assert wire.send("GET", "/api").status_code == 200
        peers.settle()
    wire.close()


def test_a_connection_that_breaks_when_it_is_used_again_has_sent_something(
    way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]
) -> None:
    def once(connection: Any) -> None:
        read_request(connection)
        connection.sendall(OK)
        read_request(connection)

    wire = Wire(Connection("127.0.0.1", peers(once).port, access_token=TOKEN, ca_path=authority[1]))
    assert wire.send("GET", "/api").status_code == 200
    with pytest.raises(ConnectionFailed, match="did not arrive whole") as caught:
        wire.send("POST", "/api", {})
    wire.close()
    assert not caught.value.never_sent


class Ticking:
    """A clock that a peer moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"])
def test_the_time_out_is_for_the_whole_answer_however_it_drips(
    start: bytes, way: str, peers: Peers, authority: tuple[ssl.SSLContext, str]
) -> None:
    clock = Ticking()

    def drip(connection: Any) -> None:
        read_request(connection)
        connection.sendall(start)
        for _second in range(40):
            clock.now += 1
            connection.sendall(b"x")

    with pytest.raises(ConnectionFailed, match="no whole answer within 30 s. The option timeout") as caught:
        send(peers(drip), authority[1], clock=clock, timeout=30)
    assert not caught.value.never_sent


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whose_certificate_is_not_trusted_is_told(
    scheme: str,
    peers: Peers,
    authority: tuple[ssl.SSLContext, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    proxy = peers(tunnel, tls=scheme == "https")
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://localhost:{proxy.port}")
    peer = "the proxy localhost" if scheme == "https" else "127.0.0.1"
    with pytest.raises(ConnectionFailed, match=f"certificate of {peer}.*is not signed by a known authority") as caught:
        send(peers(answering(OK)), str(tmp_path / "other.pem"))
    assert (caught.value.never_sent, caught.value.lasting) == (True, True)


def test_files_that_can_not_be_used_are_named_before_any_request(
    peers: Peers, authority: tuple[ssl.SSLContext, str], tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("no certificate\n", encoding="utf-8")
    (tmp_path / "empty").touch()
    peer = peers(answering(OK))
    for name, sentence in (
        ("nowhere", "ca_path: .*nowhere can't be read: No such file"),
        ("text", "ca_path: .*text must be a PEM file"),
        ("empty", "ca_path: .*empty must be a PEM file"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            send(peer, str(tmp_path / name))
        # Nobody looks at it then.
        assert send(peer, str(tmp_path / name), validate_certs=False).status_code == 200


# Certificates that TLS refuses for other reasons than their authority


@dataclass(frozen=True)
class Certificate:
    """What a server presents, and what a client may trust. In PEM."""

    own: bytes
    key: bytes
    authority: bytes

    def peer(self, peers: Peers, folder: Path) -> Peer:
        (folder / "own.pem").write_bytes(self.own)
        (folder / "key.pem").write_bytes(self.key)
        (folder / "authority.pem").write_bytes(self.authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "own.pem", folder / "key.pem")
        return peers(answering(OK), context=context)


def certificate(alternative_name: bool, key_usage: bool) -> Certificate:
    """One for 127.0.0.1 of an authority of its own, with or without two extensions."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "127.0.0.1")}
    now = datetime.now(timezone.utc)

    def issue(name: str, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
        builder = x509.CertificateBuilder(
            issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")]),
            subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
            public_key=keys[name].public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=1),
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(keys["authority"], hashes.SHA256()).public_bytes(Encoding.PEM)

    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority_key = keys["authority"].public_key()
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return Certificate(
        issue(
            "127.0.0.1",
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), False),
            *([(names, False)] if alternative_name else []),
        ),
        keys["127.0.0.1"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        issue(
            "authority",
            (x509.BasicConstraints(True, None), True),
            (x509.SubjectKeyIdentifier.from_public_key(authority_key), False),
            *([(usage, True)] if key_usage else []),
        ),
    )


def test_an_authority_without_key_usage_is_refused_by_new_pythons_and_the_advice_helps(
    peers: Peers, tmp_path: Path
) -> None:
    peer = certificate(alternative_name=True, key_usage=False).peer(peers, tmp_path)
    if sys.version_info < (3, 13):
        assert send(peer, str(tmp_path / "authority.pem")).status_code == 200
        return
    with pytest.raises(
        ConnectionFailed, match=r"breaks a rule \(CA cert does not include key usage extension\)"
    ) as caught:
        send(peer, str(tmp_path / "authority.pem"))
    assert (caught.value.never_sent, caught.value.lasting) == (True, True)
    assert "set ca_path to a PEM file with the certificate of the array itself" in str(caught.value)
    assert send(peer, str(tmp_path / "own.pem")).status_code == 200


@pytest.mark.filterwarnings("ignore:Certificate for 127.0.0.1 has no")
def test_a_certificate_with_a_common_name_only_has_to_be_created_anew(peers: Peers, tmp_path: Path) -> None:
    peer = certificate(alternative_name=False, key_usage=True).peer(peers, tmp_path)
    if int(urllib3.__version__.partition(".")[0]) < 2:
        # It takes the common name then.
        assert send(peer, str(tmp_path / "authority.pem")).status_code == 200
        return
    with pytest.raises(
        ConnectionFailed, match="nothing but a common name is valid for none, and has to be created anew"
    ):
        send(peer, str(tmp_path / "authority.pem"))
