"""The same messages are read from a log however it is written; and what is no log is refused in two sentences."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.errors import DataError
from bounce_watch.sent_log.csv_log import read_csv_log, sends_in_chunks
from bounce_watch.sent_log.detect import read_sent_file
from bounce_watch.sent_log.plan import LogOptions, plan_log
from bounce_watch.sent_log.source import opened

LONDON = ZoneInfo("Europe/London")
FIRST = datetime(2026, 9, 13, 12, tzinfo=UTC)
"""A day above twelve, so that every order of day and month can be told."""

HEADERS = (
    ("Order ID", "Buyer email", "Sent at", "Template"),
    ("Bestellnummer", "E-Mail des Käufers", "Gesendet am", "Vorlage"),
    ("Numéro de commande", "E-mail de l'acheteur", "Envoyé le", "Modèle"),
    ("Numero ordine", "E-mail acquirente", "Inviato il", "Modello"),
    ("Número de pedido", "E-mail del comprador", "Enviado el", "Plantilla"),
)
WAYS: tuple[Callable[[datetime], str], ...] = (
    lambda at: at.isoformat(),
    lambda at: at.astimezone(LONDON).strftime("%Y-%m-%d %H:%M"),
    lambda at: at.astimezone(LONDON).strftime("%d.%m.%Y %H:%M"),
    lambda at: at.astimezone(LONDON).strftime("%d/%m/%Y %I:%M %p"),
    lambda at: at.astimezone(LONDON).strftime("%m/%d/%Y %H:%M:%S"),
    lambda at: at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    lambda at: str(int(at.timestamp())),
    lambda at: str(int(at.timestamp()) * 1000),
)
Row = tuple[int, int, int, str]
"""Numbers of order, buyer and minute, and the label."""

rows = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 60 * 24 * 10),
        st.sampled_from(("review", 'says "thanks"', "a;b,c|d\te", "two\nlines", "Größe", "")),
    ),
    min_size=1,
    max_size=12,
)


def content(row: Row) -> tuple[str, str, datetime, str | None]:
    order, buyer, minute, label = row
    return (
        f"203-{order:07}-0000000",
        f"aaaaaaaaaaaaaa{buyer}@marketplace.amazon.co.uk",
        FIRST + timedelta(minutes=minute),
        label or None,
    )


@given(
    table=rows,
    titles=st.sampled_from(HEADERS),
    way=st.sampled_from(WAYS),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252")),
    line_end=st.sampled_from(("\n", "\r\n")),
    columns=st.permutations(range(4)),
    says_delimiter=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_every_form_of_a_log_gives_equal_sends(
    table: list[Row],
    titles: tuple[str, ...],
    way: Callable[[datetime], str],
    delimiter: str,
    encoding: str,
    line_end: str,
    columns: list[int],
    says_delimiter: bool,
    order: st.DataObject,
) -> None:
    shuffled = [*table, (9, 9, 0, "first")]
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerow([titles[at] for at in columns])
    for row in shuffled:
        order_id, alias, sent_at, label = content(row)
        cells = (order_id, alias, way(sent_at), label or "")
        writer.writerow([cells[at] for at in columns])
    head = f"sep={delimiter}{line_end}" if says_delimiter else ""
    log = read_csv_log((head + text.getvalue()).encode(encoding), account="uk", time_zone=LONDON)
    read = Counter((str(send.order_id), str(send.alias), send.sent_at, send.label) for send in log.sends)
    assert read == Counter(map(content, shuffled))
    assert log.skipped == ()


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b"sep=;\r\n", "empty"),
        (b"sep=^\r\na^b\r\n", "no delimiter"),
        (b"PK\x03\x04" + bytes(range(256)), "workbook"),
        (bytes(range(256)) * 4, r"Row \d"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), "NUL"),
        (b'Order ID,Sent at\n203-1111111-1111111,"2026-09-30\n203-2222222-2222222,2026-09-30\n', "Row 2"),
        (b"Order ID,Sent at\n203-1111111-1111111," + b"9" * 200_000 + b"\n", "131,072"),
        (b"name,city\nSam,London\n", "no column that says when"),
        (b"name,sent at\nSam,2026-09-30\n", "neither an order id nor an alias"),
        (b"only one column\n", "no column that says when"),
        (b"Order ID,Sent at\n203-1111111-1111111,soon\n", "None of the 1 rows"),
    ],
)
def test_what_is_no_log_is_refused(octets: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as error:
        read_csv_log(octets, account="uk", time_zone=LONDON)
    assert error.value.advice


def test_a_huge_cell_elsewhere_costs_nothing() -> None:
    text = f"Order ID,Sent at,Note\n203-1111111-1111111,2026-09-30,{'x' * 100_000}\n"
    assert len(read_csv_log(text.encode(), account="uk", time_zone=LONDON).sends) == 1


def test_a_named_encoding_and_delimiter_win() -> None:
    text = "Order ID;Sent at;Label\n203-1111111-1111111;2026-09-30;東都\n"
    options = LogOptions(encoding="cp932", delimiter="semicolon")
    log = read_csv_log(text.encode("cp932"), account="uk", time_zone=LONDON, options=options)
    assert [send.label for send in log.sends] == ["東都"]


def test_sep_gives_way_to_a_named_delimiter() -> None:
    text = "sep=;\nOrder ID,Sent at\n203-1111111-1111111,2026-09-30\n"
    log = read_csv_log(text.encode(), account="uk", time_zone=LONDON, options=LogOptions(delimiter=","))
    assert len(log.sends) == 1


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    import os
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    feed = threading.Thread(target=pipe.write_bytes, args=(b"hello",))
    feed.start()
    with opened(pipe) as file:
        assert (file.seek(0), file.read()) == (0, b"hello")
    feed.join()


def test_one_door_refuses_a_broken_table_as_the_log_that_it_is(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(b'"Order ID,"Purchase date\n')
    with pytest.raises(DataError, match="Row 1"):
        read_sent_file(path, account="uk", time_zone=LONDON, seen_at=FIRST)


def test_one_door_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        read_sent_file(tmp_path / "none.csv", account="uk", time_zone=LONDON, seen_at=FIRST)


def test_pieces_are_no_longer_than_asked_for() -> None:
    rows = "".join(f"203-1111111-111111{number},2026-09-13\n" for number in range(5))
    with opened(f"Order ID,Sent at\n{rows}".encode()) as file:
        plan = plan_log(file, account="uk", time_zone=LONDON)
        pieces = list(sends_in_chunks(file, plan, repeated=frozenset(), size=2))
    assert [len(piece) for piece in pieces] == [2, 2, 1]
    assert len({send.order_id for piece in pieces for send in piece}) == 5


def test_pieces_leave_out_what_is_no_send() -> None:
    text = b"Order ID,Sent at\n203-1111111-1111111,2026-09-13\nnobody,2026-09-13\n"
    with opened(text) as file:
        plan = plan_log(file, account="uk", time_zone=LONDON)
        (piece,) = sends_in_chunks(file, plan, repeated=frozenset(), size=5)
    assert len(piece) == 1
