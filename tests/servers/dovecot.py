"""A real Dovecot 2.3 on free loopback ports, started by the tests, as root or as any user.

Every user name works with the password PASSWORD, so each test takes a new one; the mail of all of them lies in one
throw-away folder. 127.0.0.1 shows a good certificate, 127.0.0.2 an expired one, 127.0.0.3 one for another host.
"""

from __future__ import annotations

import base64
import grp
import hashlib
import hmac
import itertools
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.certificates import Certificates, find_openssl, make_certificates
from tests.servers.imap import ImapAccount
from tests.servers.ports import LOOPBACK, free_ports, wait_for_greeting

PASSWORD = "correct-horse-battery"
EXPIRED_HOST = "127.0.0.2"
ELSEWHERE_HOST = "127.0.0.3"
JUNK = "Unerwünscht"
ALL = "Everything"
SENT = "Ausgang"
ALSO_SENT = "Verschickt"
"""Two folders are marked as holding sent mail, as a usual configuration of Dovecot does; neither has a usual name."""

_TOKEN_KEY = b"a key for the tests' own tokens"

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
protocols = imap
listen = 127.0.0.1, 127.0.0.2, 127.0.0.3
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{base}/mail/%u
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
ssl = yes
ssl_cert = <{good.chain}
ssl_key = <{good.key}
local 127.0.0.2 {{
  ssl_cert = <{expired.chain}
  ssl_key = <{expired.key}
}}
local 127.0.0.3 {{
  ssl_cert = <{elsewhere.chain}
  ssl_key = <{elsewhere.key}
}}
namespace inbox {{
  inbox = yes
  mailbox "{junk}" {{
    special_use = \\Junk
  }}
  mailbox {all} {{
    special_use = \\All
  }}
  mailbox {sent} {{
    special_use = \\Sent
  }}
  mailbox {also_sent} {{
    special_use = \\Sent
  }}
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""

_OAUTH = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={base}/keys/
username_attribute = sub
username_format = %u
"""


def find_dovecot() -> str | None:
    """The program, also where /usr/sbin is not on the path; None without it, or if it is not 2.3."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    program = shutil.which("dovecot", path=path)
    if program is None or find_openssl() is None:
        return None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return program if version.stdout.startswith("2.3.") else None


class Dovecot:
    """A running server; `base` is its throw-away folder."""

    name = "Dovecot"

    def __init__(
        self, base: Path, owner: tuple[int, int], ports: tuple[int, int], certificates: Certificates
    ) -> None:
        self.base = base
        self.host = LOOPBACK
        self.plain_port, self.tls_port = ports
        self.certificates = certificates
        self._owner = owner
        self._count = itertools.count(1)

    def new_account(self) -> ImapAccount:
        """An account without any mail."""
        user = f"seller{os.getpid()}-{next(self._count)}@shop.example"
        return ImapAccount(host=self.host, port=self.plain_port, user=user, password=PASSWORD)

    def new_folder(self) -> tuple[ImapAccount, str]:
        """An account and its inbox."""
        return self.new_account(), "INBOX"

    def maildir(self, account: ImapAccount) -> Path:
        """Where Dovecot keeps this account's inbox."""
        return self.base / "mail" / account.user

    def fill(
        self, account: ImapAccount, mails: Sequence[bytes], *, flags: str = "", folder: str | None = None
    ) -> None:
        """Drops many mails into the inbox, or a folder, at once, far quicker than IMAP would; UIDs follow the order."""
        inbox = self.maildir(account)
        folder_path = inbox / f".{folder}" if folder else inbox
        for part in (inbox, folder_path, folder_path / "cur", folder_path / "new", folder_path / "tmp"):
            part.mkdir(exist_ok=True)
            os.chown(part, *self._owner)
        begin = int(time.time()) - len(mails)
        for number, mail in enumerate(mails):
            path = folder_path / "cur" / f"{begin + number}.M{number}.tests:2,{flags}"
            path.write_bytes(mail)
            os.chown(path, *self._owner)

    def token(self, user: str, *, lives_s: int = 600) -> str:
        """An access token (JWT, HS256) that this server takes; already over if `lives_s` is negative."""
        now = int(time.time())
        claims = {"sub": user, "iat": now - 1000, "nbf": now - 1000, "exp": now + lives_s}
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        digest = hmac.new(_TOKEN_KEY, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@contextmanager
def start_dovecot(program: str) -> Iterator[Dovecot]:
    """Runs Dovecot until the end of the block; as nobody if we are root, since it refuses to run as root."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    # Not below pytest's own folder, which only its owner may enter.
    base = Path(tempfile.mkdtemp(prefix="bounce-watch-dovecot-"))
    try:
        server = _prepared(base, user)
        with _running([program, "-F", "-c", str(base / "dovecot.conf")], user) as process:
            wait_for_greeting(server.plain_port, alive=lambda: process.poll() is None)
            yield server
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _prepared(base: Path, user: pwd.struct_passwd) -> Dovecot:
    base.chmod(0o755)
    for name in ("run", "mail", "keys/default/HS256", "certificates"):
        (base / name).mkdir(parents=True)
    (base / "keys/default/HS256/default").write_bytes(base64.b64encode(_TOKEN_KEY))
    (base / "oauth2.conf").write_text(_OAUTH.format(base=base))
    certificates = make_certificates(base / "certificates")
    ports = free_ports(2)
    config = _CONFIG.format(
        base=base,
        user=user.pw_name,
        group=grp.getgrgid(user.pw_gid).gr_name,
        good=certificates.good,
        expired=certificates.expired,
        elsewhere=certificates.elsewhere,
        junk=JUNK,
        all=ALL,
        sent=SENT,
        also_sent=ALSO_SENT,
        password=PASSWORD,
        plain_port=ports[0],
        tls_port=ports[1],
    )
    (base / "dovecot.conf").write_text(config, encoding="utf-8")
    for path in (base, *base.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    return Dovecot(base, (user.pw_uid, user.pw_gid), (ports[0], ports[1]), certificates)


@contextmanager
def _running(command: Sequence[str], user: pwd.struct_passwd) -> Iterator[subprocess.Popen[bytes]]:
    am_root = os.geteuid() == 0
    process = subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user.pw_uid if am_root else None,
        group=user.pw_gid if am_root else None,
        extra_groups=[] if am_root else None,
    )
    try:
        yield process
    finally:
        # Asked nicely it takes a second; all its processes are in the session that we made for it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
