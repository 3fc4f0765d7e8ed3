"""What the machine remembers: documents in SQLite, bytes in files.

WAL with synchronous=FULL: an acknowledged write survives `kill -9` and, as far as the disk keeps its promises, power
loss. All changes of one step of life go through one transaction, so that nothing half-written is ever visible.
"""

import errno
import json
import logging
import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_aws.errors import AwsError

log = logging.getLogger("local_aws.store")

Document = dict[str, Any]

#: HTTP status of the error that says so: Insufficient Storage.
DISK_FULL = 507

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_by_seq ON documents (kind, seq);
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, created REAL NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, seq INTEGER NOT NULL, latest INTEGER NOT NULL,
    blob TEXT, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (bucket, key, version)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_latest ON objects (bucket, key) WHERE latest = 1;
CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, visible REAL NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_of_queue ON messages (queue, visible);
CREATE TABLE IF NOT EXISTS metrics (
    id INTEGER PRIMARY KEY AUTOINCREMENT, metric TEXT NOT NULL, at REAL NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS metrics_by_time ON metrics (metric, at);
"""


#: Bytes put aside: the end of a job that failed for want of room must still be written.
RESERVE = 1 << 20


class Store:
    """One SQLite database and one folder of blobs below `home`.

    Writers take turns; a transaction belongs to the thread that opened it, and an inner one joins the outer.
    Readers outside a transaction see the last commit and never wait.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.blobs = home / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.commits = 0
        self.fsyncs = 0
        self._path = home / "local_aws.sqlite"
        self._lock = threading.RLock()
        self._local = threading.local()
        self._depth = 0
        self._after: list[Callable[[], None]] = []
        self._writer = self._connect()
        self._writer.executescript(SCHEMA)
        self._seq = self._last_seq()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _last_seq(self) -> int:
        row = self._writer.execute(
            "SELECT max(coalesce((SELECT max(seq) FROM documents), 0), coalesce((SELECT max(seq) FROM objects), 0))"
        ).fetchone()
        return int(row[0])

    # transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside become visible and durable together, or not at all.

        Raises AwsError "InternalFailure" with a sentence when the disk is full; nothing has changed then.
        """
        with self._lock:
            outer = self._depth == 0
            self._depth += 1
            try:
                if outer:
                    self._after = []
                    self._writer.execute("BEGIN IMMEDIATE")
                yield
                if outer:
                    self.commit()
            except BaseException as error:
                if outer and self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and _says_full(error, self.home):
                    raise disk_full(self.home) from error
                raise
            finally:
                self._depth -= 1
            callbacks = self._after if outer else []
        for callback in callbacks:
            try:
                callback()
            except Exception:  # logged: who asked must not hear that what is committed has failed
                log.exception("What follows a commit has failed.")

    def commit(self) -> None:
        """Make the open transaction durable: one fsync of the log."""
        self._writer.execute("COMMIT")
        self.commits += 1
        self.fsyncs += 1

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the open transaction is durable. One that fails is logged and holds up no other."""
        self._after.append(callback)

    def sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run a statement: on the writer inside this thread's transaction, else on a reader of the last commit."""
        if self._depth and self._lock_is_mine():
            return self._writer.execute(statement, parameters)
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = self._connect()
        return reader.execute(statement, parameters)

    def _lock_is_mine(self) -> bool:
        return self._lock._is_owned()  # type: ignore[attr-defined,no-any-return]

    def next_seq(self) -> int:
        """A number larger than all before; call it inside a transaction."""
        self._seq += 1
        return self._seq

    # documents

    def get(self, kind: str, key: str) -> Document | None:
        row = self.sql("SELECT document FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, document: Document) -> None:
        """Create or replace; the order of creation stays."""
        with self.transaction():
            self._writer.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
                (kind, key, self.next_seq(), json.dumps(document)),
            )

    def delete(self, kind: str, key: str) -> bool:
        """True when it was there."""
        with self.transaction():
            return self._writer.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def scan(self, kind: str, prefix: str = "") -> list[tuple[str, Document]]:
        """Keys that begin with `prefix` and their documents, oldest first."""
        rows = self.sql(
            "SELECT key, document FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY seq",
            (kind, len(prefix), prefix),
        )
        return [(key, json.loads(text)) for key, text in rows]

    # blobs

    def new_blob(self) -> Path:
        """A path for bytes that nobody sees until a row names it; swept at the next start when none does."""
        name = uuid.uuid4().hex
        folder = self.blobs / name[:2]
        folder.mkdir(exist_ok=True)
        return folder / name

    def write_blob(self, content: bytes) -> Path:
        """Durable bytes in a new blob. Raises AwsError when the disk is full."""
        path = self.new_blob()
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()  # fsync knows nothing of Python's buffer
                self.sync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise translate(error, self.home) from error
        return path

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        self.fsyncs += 1

    def blob_path(self, name: str) -> Path:
        return Path(f"{self.blobs}/{name[:2]}/{name}")  # half the time of two divisions, and lists have thousands

    # the reserve

    def keep_reserve(self) -> None:
        """Put room aside for saying that the disk is full; nothing happens where there is none to put aside."""
        path = self.home / "reserve"
        if path.exists():
            return
        try:
            path.write_bytes(bytes(RESERVE))
        except OSError:
            path.unlink(missing_ok=True)

    def spend_reserve(self) -> bool:
        """Give the reserve up; False when it is spent already."""
        try:
            (self.home / "reserve").unlink()
        except FileNotFoundError:
            return False
        return True

    def sweep(self) -> int:
        """Remove blobs that no row names (a put that was cut off); how many. Call it before requests are served."""
        known = {row[0] for row in self.sql("SELECT blob FROM objects WHERE blob IS NOT NULL")}
        known |= {part["Blob"] for _, part in self.scan("s3:Part")}
        orphans = [path for path in self.blobs.glob("??/*") if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)


def disk_full(home: Path) -> AwsError:
    message = f"The disk below {home} is full: free some space and try again."
    return AwsError("InternalFailure", message, status=DISK_FULL)


def _says_full(error: sqlite3.OperationalError, home: Path) -> bool:
    """SQLite says SQLITE_FULL, or some SQLITE_IOERR when the log's index cannot grow."""
    return error.sqlite_errorname == "SQLITE_FULL" or (
        error.sqlite_errorname.startswith("SQLITE_IOERR") and shutil.disk_usage(home).free < 1 << 16
    )


def translate(error: OSError, home: Path) -> Exception:
    """ENOSPC and EDQUOT as the error that clients see; anything else as it is."""
    return disk_full(home) if error.errno in (errno.ENOSPC, errno.EDQUOT) else error
