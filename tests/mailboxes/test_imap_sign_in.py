"""TLS, sign-in, and every way in which both can fail: closed, with an exit code, and without the secret."""

from __future__ import annotations

import base64
import logging
import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bounce_watch.errors import BounceWatchError, SettingsError, SignInError, TryLater, Unreachable
from bounce_watch.mailboxes.base import Auth, ImapSpec, Security, open_mailbox
from bounce_watch.mailboxes.imap_connect import is_loopback, tls_context
from bounce_watch.records.secret import Secret
from tests.mailboxes.samples import NOW, WANTED, mail
from tests.servers.dovecot import ELSEWHERE_HOST, EXPIRED_HOST, PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.ports import LOOPBACK, free_ports
from tests.servers.scripted import HANG_UP, start_scripted


def octets_of(spec: ImapSpec, secret: str | None = PASSWORD) -> list[bytes]:
    """One poll."""
    held = None if secret is None else Secret(secret)
    with open_mailbox(spec, held, account="uk", wanted=WANTED, now=lambda: NOW) as mailbox:
        return [message.octets for batch in mailbox.batches({}) for message in batch.messages]


def error_of(spec: ImapSpec, secret: str | None = PASSWORD) -> BounceWatchError:
    """The error of one poll, checked for what every error must keep to."""
    with pytest.raises(BounceWatchError) as caught:
        octets_of(spec, secret)
    said = caught.value.message + caught.value.advice
    assert caught.value.message
    assert caught.value.advice
    assert not secret or secret not in said
    assert said.isprintable()
    return caught.value


@pytest.fixture
def account(dovecot: Dovecot) -> ImapAccount:
    account = dovecot.new_account()
    account.deliver([mail(1)])
    return account


@pytest.fixture
def tls(dovecot: Dovecot, account: ImapAccount) -> ImapSpec:
    """Implicit TLS, as most providers have it; the authority of the tests is trusted."""
    return ImapSpec(
        host="localhost",
        port=dovecot.tls_port,
        user=account.user,
        ca_file=dovecot.certificates.authority,
        junk=False,
    )


@pytest.fixture
def starttls(dovecot: Dovecot, tls: ImapSpec) -> ImapSpec:
    return replace(tls, port=dovecot.plain_port, security=Security.STARTTLS)


def scripted(port: int, **changes: object) -> ImapSpec:
    """A plain connection to a scripted server."""
    spec = ImapSpec(
        host=LOOPBACK,
        port=port,
        user="seller",
        security=Security.NONE,
        connect_timeout_s=2,
        read_timeout_s=2,
    )
    return replace(spec, **changes)  # type: ignore[arg-type]  # any field, by name


class TestTls:
    def test_verified_tls_reads(self, tls: ImapSpec) -> None:
        assert octets_of(tls) == [mail(1)]

    def test_starttls_reads(self, starttls: ImapSpec) -> None:
        assert octets_of(starttls) == [mail(1)]

    @pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
    def test_unknown_authority(
        self, tls: ImapSpec, starttls: ImapSpec, dovecot: Dovecot, security: Security
    ) -> None:
        spec = replace(
            tls if security is Security.TLS else starttls, ca_file=dovecot.certificates.other_authority
        )
        error = error_of(spec)
        assert isinstance(error, Unreachable)
        assert "certificate" in error.message
        assert "ca_file" in error.advice

    def test_the_system_does_not_know_the_authority_of_the_tests(self, tls: ImapSpec) -> None:
        assert "issuer certificate" in error_of(replace(tls, ca_file=None)).message

    @pytest.mark.parametrize(("host", "reason"), [(EXPIRED_HOST, "expired"), (ELSEWHERE_HOST, "mismatch")])
    @pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
    def test_expired_certificate_and_other_host(
        self, tls: ImapSpec, starttls: ImapSpec, security: Security, host: str, reason: str
    ) -> None:
        spec = tls if security is Security.TLS else starttls
        error = error_of(replace(spec, host=host))
        assert isinstance(error, Unreachable)
        assert reason in error.message
        assert f"{host}:{spec.port}" in error.message

    def test_plain_text_on_a_tls_port(self, dovecot: Dovecot, tls: ImapSpec) -> None:
        error = error_of(replace(tls, port=dovecot.plain_port))
        assert isinstance(error, Unreachable)
        assert "starttls" in error.advice

    def test_old_tls_is_refused(self) -> None:
        context = tls_context(None)
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_bad_ca_file(self, tmp_path: Path, content: str | None) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        error = error_of(ImapSpec(host="localhost", user="seller", ca_file=path))
        assert isinstance(error, SettingsError)
        assert "ca.pem" in error.message

    def test_starttls_that_is_not_offered_stops_before_sign_in(self) -> None:
        with start_scripted() as server:
            error = error_of(scripted(server.port, security=Security.STARTTLS))
            assert isinstance(error, Unreachable)
            assert b"LOGIN" not in server.sent

    def test_starttls_that_is_refused_stops_before_sign_in(self) -> None:
        answers = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n",
            "STARTTLS": b"{tag} BAD not today\r\n",
        }
        with start_scripted(answers) as server:
            assert isinstance(error_of(scripted(server.port, security=Security.STARTTLS)), Unreachable)
            assert b"LOGIN" not in server.sent

    def test_answers_sent_ahead_of_tls_do_not_count(self) -> None:
        answers = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n",
            "STARTTLS": b"{tag} OK go\r\n* OK injected\r\nA1 OK injected\r\n",
        }
        with start_scripted(answers) as server:
            assert isinstance(error_of(scripted(server.port, security=Security.STARTTLS)), Unreachable)
            assert b"LOGIN" not in server.sent


class TestPlain:
    @pytest.mark.parametrize("host", ["imap.shop.example", "192.0.2.7", "10.0.0.1", "localhost.shop.example"])
    def test_only_to_this_machine(self, host: str) -> None:
        error = error_of(ImapSpec(host=host, user="seller", security=Security.NONE))
        assert isinstance(error, SettingsError)
        assert host in error.message

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
    def test_this_machine(self, host: str) -> None:
        assert is_loopback(host)

    def test_preauth_is_refused(self) -> None:
        with start_scripted(greeting=b"* PREAUTH welcome\r\n") as server:
            error = error_of(scripted(server.port))
        assert isinstance(error, Unreachable)
        assert "PREAUTH" in error.message
        assert b"EXAMINE" not in server.sent


class TestPassword:
    def test_wrong_password(self, tls: ImapSpec) -> None:
        error = error_of(tls, "wrong")
        assert isinstance(error, SignInError)
        assert error.exit_code == 77
        assert tls.user in error.message
        assert "app password" in error.advice

    @pytest.mark.parametrize(
        ("user", "secret", "sent"),
        [
            ("seller", "with space", b'LOGIN seller "with space"'),
            ("a@b.example", 'quo"te\\d', b'LOGIN a@b.example "quo\\"te\\\\d"'),
            ("seller", "Ünïque", base64.b64encode("\0seller\0Ünïque".encode())),
            ('the "shop" (1)', "plain", base64.b64encode(b'\0the "shop" (1)\0plain')),
        ],
    )
    def test_any_user_and_password_are_carried(self, user: str, secret: str, sent: bytes) -> None:
        answers = {"AUTHENTICATE": b"+ \r\n", "": b"{tag} NO wrong\r\n", "LOGIN": b"{tag} NO wrong\r\n"}
        with start_scripted(answers) as server:
            assert isinstance(error_of(scripted(server.port, user=user), secret), SignInError)
            assert sent + b"\r\n" in bytes(server.sent)

    @pytest.mark.parametrize("secret", [None, "", "pass\r\nA2 LOGOUT", "pass\n", "a\x00b"])
    def test_a_secret_that_is_none(self, tls: ImapSpec, secret: str | None) -> None:
        assert isinstance(error_of(tls, secret), SignInError)

    @pytest.mark.parametrize("user", ["", "a\r\nb", "a\x00"])
    def test_a_user_that_is_none(self, tls: ImapSpec, user: str) -> None:
        assert isinstance(error_of(replace(tls, user=user)), SettingsError)

    def test_login_disabled(self) -> None:
        answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"}
        with start_scripted(answers) as server:
            assert isinstance(error_of(scripted(server.port)), SignInError)
            assert b"LOGIN" not in server.sent

    def test_a_server_that_repeats_the_secret_does_not_make_us_show_it(self) -> None:
        refused = f"{{tag}} NO {PASSWORD} is wrong\x1b[31m\r\n".encode()
        with start_scripted({"LOGIN": refused}) as server:
            error = error_of(scripted(server.port))
        assert isinstance(error, SignInError)
        assert "is wrong" not in error.message
        assert "not shown" in error.message

    @pytest.mark.parametrize("secret", [PASSWORD, "wrong-Hunter2-1d9f"])
    def test_no_secret_reaches_the_log(
        self, tls: ImapSpec, caplog: pytest.LogCaptureFixture, secret: str
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with suppress(SignInError):
            octets_of(tls, secret)
        assert caplog.records
        assert secret not in caplog.text


class TestTokens:
    @pytest.mark.parametrize("auth", [Auth.XOAUTH2, Auth.OAUTHBEARER])
    def test_a_good_token_reads(self, dovecot: Dovecot, tls: ImapSpec, auth: Auth) -> None:
        assert octets_of(replace(tls, auth=auth), dovecot.token(tls.user)) == [mail(1)]

    @pytest.mark.parametrize("auth", [Auth.XOAUTH2, Auth.OAUTHBEARER])
    def test_an_old_token(self, dovecot: Dovecot, tls: ImapSpec, auth: Auth) -> None:
        error = error_of(replace(tls, auth=auth), dovecot.token(tls.user, lives_s=-60))
        assert isinstance(error, SignInError)
        assert "token" in error.advice

    @pytest.mark.parametrize("auth", [Auth.XOAUTH2, Auth.OAUTHBEARER])
    def test_a_token_of_somebody_else(self, dovecot: Dovecot, tls: ImapSpec, auth: Auth) -> None:
        token = dovecot.token("other@shop.example")
        assert isinstance(error_of(replace(tls, auth=auth), token), SignInError)

    def test_a_server_that_takes_no_tokens_of_this_kind(self) -> None:
        with start_scripted() as server:
            error = error_of(scripted(server.port, auth=Auth.OAUTHBEARER))
            assert isinstance(error, SettingsError)
            assert b"AUTHENTICATE" not in server.sent


class TestServer:
    def test_nobody_listens(self) -> None:
        (port,) = free_ports(1)
        error = error_of(scripted(port))
        assert isinstance(error, Unreachable)
        assert f"{LOOPBACK}:{port}" in error.message

    def test_no_such_host(self) -> None:
        error = error_of(ImapSpec(host="imap.invalid", user="seller"))
        assert isinstance(error, Unreachable)
        assert "imap.invalid:993" in error.message

    def test_a_silent_server(self) -> None:
        with start_scripted(greeting=b"") as server:
            error = error_of(scripted(server.port, connect_timeout_s=0.2))
        assert isinstance(error, Unreachable)
        assert "in time" in error.message

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (b"* BYE shutting down\r\n{tag} NO sorry\r\n", Unreachable),
            (HANG_UP, Unreachable),
            (b"{tag} NO [UNAVAILABLE] database is down\r\n", TryLater),
            (b"{tag} NO [INUSE] locked\r\n", TryLater),
            (b"{tag} NO [THROTTLED] slow down\r\n", TryLater),
            (b"* BYE [UNAVAILABLE] overloaded\r\n", TryLater),
            (b"* BYE [AUTHENTICATIONFAILED] three times\r\n", SignInError),
            (b"{tag} NO [AUTHENTICATIONFAILED] no\r\n", SignInError),
            (b"{tag} NO [EXPIRED] password is old\r\n", SignInError),
            (b"{tag} BAD what\r\n", SignInError),
            (b"%%% garbage %%%\r\n", Unreachable),
        ],
    )
    def test_answers_to_sign_in(self, answer: bytes, kind: type[BounceWatchError]) -> None:
        with start_scripted({"LOGIN": answer}) as server:
            assert type(error_of(scripted(server.port))) is kind

    @pytest.mark.parametrize(
        ("greeting", "kind"),
        [
            (b"* BYE go away\r\n", Unreachable),
            (b"* BYE [UNAVAILABLE] too many connections\r\n", TryLater),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", Unreachable),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Unreachable),
        ],
    )
    def test_greetings(self, greeting: bytes, kind: type[BounceWatchError]) -> None:
        with start_scripted(greeting=greeting) as server:
            assert type(error_of(scripted(server.port))) is kind

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (b"{tag} NO [INUSE] locked\r\n", TryLater),
            (b"{tag} NO [NONEXISTENT] no such mailbox\r\n", SettingsError),
            (b"* 3 EXISTS\r\n{tag} OK [READ-ONLY] no uidvalidity\r\n", Unreachable),
            (HANG_UP, Unreachable),
        ],
    )
    def test_answers_to_examine(self, answer: bytes, kind: type[BounceWatchError]) -> None:
        with start_scripted({"EXAMINE": answer}) as server:
            assert type(error_of(scripted(server.port, junk=False))) is kind

    def test_an_answer_to_search_that_is_none(self) -> None:
        examined = (
            b"* 3 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n* OK [UIDNEXT 4] ok\r\n{tag} OK [READ-ONLY] done\r\n"
        )
        answers = {"EXAMINE": examined, "UID": b"* SEARCH one two\r\n{tag} OK done\r\n"}
        with start_scripted(answers) as server:
            assert type(error_of(scripted(server.port, junk=False))) is Unreachable
