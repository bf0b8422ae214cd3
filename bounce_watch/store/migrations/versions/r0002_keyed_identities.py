"""Names in one table, everything else by keyed hash; what a mail was taken for by run; decisions; row digests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store import tables
from bounce_watch.store.column_types import Instant, Whole, WordList, Words
from bounce_watch.store.digests import row_digest, with_digest
from bounce_watch.store.key import KEY_MARK, Key
from bounce_watch.store.readings import alias_from
from bounce_watch.store.rows import digest, without_names
from bounce_watch.store.writing import chunks

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Row = dict[str, Any]

_OLD = {
    "sighting": "id mail_id run_id place folder uidvalidity uid position",
    "verdict": "id mail_id run_id digest outcome method reason authserv_id signing_domain aligned",
    "notice": "mail_id account kind language wording evidence order_id alias alias_shared marketplace blocked_on"
    " noticed_at body_digest recipients",
    "set_aside": "mail_id octets",
    "mail": "id account fingerprint run_id result reason candidates message_id"
    " from_address subject cut size_bytes noticed_at",
    "send": "id account identity run_id order_id alias alias_shared marketplace sent_at origin message_id purpose outcome label",
    "order_link": "id account run_id order_id alias marketplace origin seen_at ordered_at",
    "coverage": "id account run_id origin start_at end_at",
    "export_member": "export_id position key",
}
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(
        ("id", "mail_id", "run_id", "uidvalidity", "uid", "position", "size_bytes", "export_id"), Whole()
    ),
    **dict.fromkeys(("noticed_at", "sent_at", "seen_at", "ordered_at", "start_at", "end_at"), Instant()),
    **dict.fromkeys(("candidates", "cut", "recipients"), WordList()),
    **dict.fromkeys(("aligned", "alias_shared"), sa.Boolean()),
    "blocked_on": sa.Date(),
    "octets": sa.LargeBinary(),
}
_AT_ONCE = 2_000

# The two tables that the third schema changes, as this one knows them.
_EXPORT = sa.Table(
    "export",
    sa.MetaData(),
    sa.Column("id", Whole(), primary_key=True),
    *(sa.Column(each, Words()) for each in ("account", "preset", "path", "revision")),
    sa.Column("made_at", Instant()),
    sa.Column("row_digest", Words()),
)
_EXPORT_MEMBER = sa.Table(
    "export_member",
    sa.MetaData(),
    sa.Column("export_id", Whole(), primary_key=True),
    sa.Column("position", Whole(), primary_key=True),
    sa.Column("key_hash", Words()),
)


def upgrade() -> None:
    """Copy every table that changes to a side table, make the new ones, and turn each row over."""
    old = {name: _put_aside(name, columns.split()) for name, columns in _OLD.items()}
    for make in (_small, _mails, _mail_facts, _sent, _digests):
        make()
    turn = _Turn(op.get_bind(), context.config.attributes["key"], old)
    turn.everything()
    for table in old.values():
        op.drop_table(table.name)


def _put_aside(name: str, columns: list[str]) -> sa.TableClause:
    op.execute(sa.text(f'CREATE TABLE "old_{name}" AS SELECT * FROM "{name}"'))  # noqa: S608  (our own names)
    op.drop_table(name)
    return sa.table(f"old_{name}", *(sa.column(each, _TYPES.get(each, Words())) for each in columns))


class _Turn:
    """Turns the rows of the first schema into those of the second."""

    def __init__(self, connection: sa.Connection, key: Key, old: dict[str, sa.TableClause]) -> None:
        self._connection = connection
        self._key = key
        self._old = old
        self._identities: dict[tuple[str, str], Row] = {}
        run = sa.table("run", sa.column("id", Whole()), sa.column("started_at", Instant()))
        self._started = {row.id: row.started_at for row in connection.execute(sa.select(run))}

    def everything(self) -> None:
        self._insert(tables.META, iter([{"name": KEY_MARK, "value": self._key.mark}]))
        self._copy("mail", tables.MAIL, self._plain)
        self._recognitions()
        for name, table in (
            ("sighting", tables.SIGHTING),
            ("verdict", tables.VERDICT),
            ("set_aside", tables.SET_ASIDE),
            ("coverage", tables.COVERAGE),
        ):
            self._copy(name, table, self._plain)
        self._copy("send", tables.SEND, self._send)
        self._copy("order_link", tables.ORDER_LINK, self._link)
        self._copy("export_member", _EXPORT_MEMBER, self._member)
        self._insert(tables.IDENTITY, iter(self._identities.values()))
        self._seal()
        self._number_on()

    def _copy(self, name: str, table: sa.Table, turned: Callable[[Row], Row]) -> None:
        self._insert(table, (turned(row) for row in self._rows(name)))

    def _rows(self, name: str) -> Iterator[Row]:
        rows = self._connection.execute(sa.select(self._old[name]), execution_options={"yield_per": _AT_ONCE})
        return (dict(row) for row in rows.mappings())

    def _insert(self, table: sa.Table, rows: Iterator[Row]) -> None:
        names = {column.name for column in table.c}
        for chunk in chunks(rows, _AT_ONCE):
            ready = [{name: value for name, value in row.items() if name in names} for row in chunk]
            if "row_digest" in names:
                ready = [with_digest(table, row) for row in ready]
            self._connection.execute(sa.insert(table), ready)

    @staticmethod
    def _plain(row: Row) -> Row:
        return row

    def _recognitions(self) -> None:
        notices = {row["mail_id"]: row for row in self._rows("notice")}
        self._insert(
            tables.RECOGNITION,
            (self._recognition(row, notices.get(row["id"])) for row in self._rows("mail")),
        )

    def _recognition(self, mail: Row, notice: Row | None) -> Row:
        row: Row = {
            "account": mail["account"],
            "result": mail["result"],
            "reason": mail["reason"],
            "candidates": mail["candidates"],
            "noticed_at": mail["noticed_at"],
            "alias_shared": False,
            "body_digest": "",
            "recipients": (),
        } | dict.fromkeys(
            ("language", "wording", "evidence", "order_id_hash", "alias_hash", "marketplace", "blocked_on")
        )
        if notice is not None:
            at = notice["noticed_at"] or self._started[mail["run_id"]]
            row |= {
                name: notice[name]
                for name in (
                    "language",
                    "wording",
                    "evidence",
                    "alias_shared",
                    "marketplace",
                    "blocked_on",
                    "noticed_at",
                    "recipients",
                )
            }
            row |= {
                "result": notice["kind"],
                "reason": "",
                "candidates": (),
                "order_id_hash": self._order(notice["account"], notice["order_id"], at),
                "alias_hash": self._alias(notice["account"], notice["alias"], at),
                "body_digest": self._key.digest("body", notice["body_digest"]),
            }
        content = digest(*(str(value) for _, value in sorted(row.items())))
        return row | {"mail_id": mail["id"], "run_id": mail["run_id"], "digest": content}

    def _send(self, row: Row) -> Row:
        at = min(row["sent_at"], self._started[row["run_id"]])
        return row | {
            "identity": self._key.digest("send", row["identity"]),
            "order_id_hash": self._order(row["account"], row["order_id"], at),
            "alias_hash": self._alias(row["account"], row["alias"], at),
            "label": None if row["label"] is None else without_names(row["label"]),
        }

    def _link(self, row: Row) -> Row:
        at = min(row["ordered_at"] or row["seen_at"], self._started[row["run_id"]])
        return row | {
            "order_id_hash": self._order(row["account"], row["order_id"], at),
            "alias_hash": self._alias(row["account"], row["alias"], at),
        }

    def _member(self, row: Row) -> Row:
        name = alias_from(row["key"]) or OrderId(row["key"])
        return row | {"key_hash": self._key.of(name)}

    def _order(self, account: str, text: str | None, at: Any) -> str | None:  # noqa: ANN401
        return None if text is None else self._identity(account, OrderId(text), at)

    def _alias(self, account: str, text: str | None, at: Any) -> str | None:  # noqa: ANN401
        alias = alias_from(text)
        return None if alias is None else self._identity(account, alias, at)

    def _identity(self, account: str, name: OrderId | Alias, at: Any) -> str:  # noqa: ANN401
        hash_ = self._key.of(name)
        known = self._identities.get((account, hash_))
        if known is None or at > known["last_at"]:
            alias = name if isinstance(name, Alias) else None
            self._identities[account, hash_] = {
                "account": account,
                "hash": hash_,
                "clear": str(name),
                "marketplace": alias.marketplace if alias else None,
                "shared": alias is not None and alias.is_shared,
                "last_at": at,
                "erased_at": None,
            }
        return hash_

    def _seal(self) -> None:
        """Digests for the rows of tables that stay where they are; a run that did not end has none."""
        for table in (tables.RUN, tables.CURSOR, _EXPORT):
            for row in self._connection.execute(sa.select(table)).mappings().all():
                if table is not tables.RUN or row["finished_at"] is not None:
                    key = (column == row[column.name] for column in table.primary_key)
                    sealed = {"row_digest": row_digest(table, dict(row))}
                    self._connection.execute(sa.update(table).where(*key).values(sealed))

    def _number_on(self) -> None:
        """PostgreSQL draws numbers from sequences, which do not know of rows that came with their own."""
        if self._connection.dialect.name != "postgresql":
            return
        for table in (
            tables.MAIL,
            tables.SIGHTING,
            tables.VERDICT,
            tables.SEND,
            tables.ORDER_LINK,
            tables.COVERAGE,
        ):
            sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
            last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            self._connection.execute(sa.select(sa.func.setval(sequence, last, False)))


def _small() -> None:
    op.create_table(
        "meta",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "identity",
        sa.Column("hash", Words(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("clear", Words(), nullable=True),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.Column("row_digest", Words(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "account"),
    )
    op.create_table(
        "decision",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("action", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("actor", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decision_account", "decision", ["account", "id"])
    op.create_table(
        "export_member",
        sa.Column("export_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("position", Whole(), autoincrement=False, nullable=False),
        sa.Column("key_hash", Words(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"]),
        sa.PrimaryKeyConstraint("export_id", "position"),
    )


def _digests() -> None:
    for name in ("run", "cursor", "export"):
        op.add_column(name, sa.Column("row_digest", Words(), nullable=True))


def _mails() -> None:
    op.create_table(
        "mail",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("fingerprint", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("message_id", Words(), nullable=True),
        sa.Column("from_address", Words(), nullable=True),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("cut", WordList(), nullable=False),
        sa.Column("size_bytes", Whole(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "fingerprint", name="uq_mail_fingerprint"),
    )
    op.create_index("ix_mail_run", "mail", ["run_id"])
    op.create_table(
        "set_aside",
        sa.Column("mail_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.PrimaryKeyConstraint("mail_id"),
    )


def _mail_facts() -> None:
    op.create_table(
        "recognition",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("mail_id", Whole(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("result", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("candidates", WordList(), nullable=False),
        sa.Column("language", Words(), nullable=True),
        sa.Column("wording", Words(), nullable=True),
        sa.Column("evidence", Words(), nullable=True),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("alias_shared", sa.Boolean(), nullable=False),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("blocked_on", sa.Date(), nullable=True),
        sa.Column("noticed_at", Instant(), nullable=True),
        sa.Column("body_digest", Words(), nullable=False),
        sa.Column("recipients", WordList(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mail_id", "run_id", "digest", name="uq_recognition_digest"),
    )
    op.create_index("ix_recognition_result", "recognition", ["account", "result"])
    op.create_index("ix_recognition_order", "recognition", ["account", "order_id_hash"])
    op.create_index("ix_recognition_alias", "recognition", ["account", "alias_hash"])
    op.create_table(
        "sighting",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("mail_id", Whole(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("place", Words(), nullable=False),
        sa.Column("folder", Words(), nullable=False),
        sa.Column("uidvalidity", Whole(), nullable=True),
        sa.Column("uid", Whole(), nullable=True),
        sa.Column("position", Whole(), nullable=True),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mail_id", "place", name="uq_sighting_place"),
    )
    op.create_table(
        "verdict",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("mail_id", Whole(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("method", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("authserv_id", Words(), nullable=True),
        sa.Column("signing_domain", Words(), nullable=True),
        sa.Column("aligned", sa.Boolean(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mail_id", "digest", name="uq_verdict_digest"),
    )


def _sent() -> None:
    op.create_table(
        "send",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("identity", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("alias_shared", sa.Boolean(), nullable=False),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("message_id", Words(), nullable=True),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("label", Words(), nullable=True),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "identity", name="uq_send_identity"),
    )
    op.create_index("ix_send_order", "send", ["account", "order_id_hash"])
    op.create_index("ix_send_alias", "send", ["account", "alias_hash"])
    op.create_index("ix_send_sent_at", "send", ["account", "sent_at"])
    op.create_table(
        "order_link",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("order_id_hash", Words(), nullable=False),
        sa.Column("alias_hash", Words(), nullable=False),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ordered_at", Instant(), nullable=True),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "order_id_hash", "alias_hash", "origin", name="uq_order_link"),
    )
    op.create_index("ix_order_link_alias", "order_link", ["account", "alias_hash"])
    op.create_table(
        "coverage",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "origin", "start_at", "end_at", name="uq_coverage"),
    )
