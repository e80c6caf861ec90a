from __future__ import annotations

import errno
import io
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

from funnelcli.errors import OutputError
from funnelcli.export import write

ROOT = Path(__file__).parents[2]
WRITE = "import sys; from funnelcli.export import write; write(b'0123456789' * 100_000, sys.argv[1])"
DATA = b"0123456789" * 100_000
AS_ROOT = os.geteuid() == 0


def folder_holds(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def program(shell: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A line of shell in which $WRITE writes a megabyte to its argument."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, "CODE": WRITE, **environ}
    return subprocess.run(
        ["bash", "-c", shell.replace("$WRITE", '"$PYTHON" -c "$CODE"')], capture_output=True, check=False, env=env
    )


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write(DATA, str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_bytes() == DATA
    assert folder_holds(tmp_path) == {"out.csv"}


def test_a_relative_name_lies_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(b"new", "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"new"


def test_a_new_private_file_is_for_its_owner_only_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    write(b"new", str(tmp_path / "new"), private=True)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    (tmp_path / "new").chmod(0o640)
    write(b"newer", str(tmp_path / "new"), private=True)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_of_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(b"new", str(tmp_path / "new"))
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    write(b"newer", str(tmp_path / "new"))
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/out.csv")
    for data in (b"first", b"second"):
        write(data, str(tmp_path / "link"))
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real" / "out.csv").read_bytes() == data
    assert folder_holds(tmp_path / "real") == {"out.csv"}


@pytest.mark.parametrize("step", ["write", "fchmod", "fsync", "close", "replace"])
@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
def test_a_write_that_fails_at_any_step_leaves_the_old_file_and_nothing_else(
    step: str, failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"yesterday")

    def fails(*arguments: Any, **options: Any) -> NoReturn:
        raise failure

    expected = OutputError if isinstance(failure, OSError) else type(failure)
    with monkeypatch.context() as patched:
        patched.setattr(os, step, fails)
        with pytest.raises(expected) as caught:
            write(DATA, str(target))
    assert target.read_bytes() == b"yesterday"
    assert folder_holds(tmp_path) == {"out.csv"}
    if expected is OutputError:
        assert str(caught.value) == f"{target}: the disk is full; make room or write elsewhere"


def test_a_real_limit_on_size_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"yesterday")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match=r"out\.csv: File too large; choose another path$"):
            write(DATA, str(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert target.read_bytes() == b"yesterday"
    assert folder_holds(tmp_path) == {"out.csv"}


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    versions = [bytes([letter]) * 300_000 for letter in b"ab"]
    write(versions[0], str(target))
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        write(versions[turn % 2], str(target))
    done.set()
    reader.join()
    assert seen <= set(versions)


def test_what_is_not_a_file_is_written_to_directly(tmp_path: Path) -> None:
    write(DATA, "/dev/null")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_bytes()))
    reader.start()
    write(DATA, str(fifo))
    reader.join()
    assert received == [DATA]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no/out.csv", "{here}/no/out.csv: there is no folder {here}/no; make it or choose another path"),
        ("link", "{here}/link: there is no folder {here}/gone; make it or choose another path"),
        ("folder", "{here}/folder: this is a folder; name a file in it"),
        ("folder/", "{here}/folder/: this is a folder; name a file in it"),
        ("new/", "{here}/new/: this is a folder; name a file in it"),
        ("file/out.csv", "{here}/file/out.csv: a part of this path is a file, not a folder; choose another path"),
        ("loop", "{here}/loop: this is a symbolic link that leads back to itself; choose another path"),
        ("x" * 300, "{here}/" + "x" * 300 + ": this name is too long; choose a shorter one"),
        ("nul\0", "'{here}/nul\\x00' is not a name that a file can have; choose another"),
        ("\x1b[1m/a", "{here}/\\x1b[1m/a: there is no folder {here}/\\x1b[1m; make it or choose another path"),
    ],
)  # fmt: skip
def test_an_impossible_target_is_one_line_that_says_what_to_do(target: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("gone/out.csv")
    (tmp_path / "loop").symlink_to("loop")
    before = folder_holds(tmp_path)
    with pytest.raises(OutputError) as caught:
        write(DATA, f"{tmp_path}/{target}")
    assert str(caught.value) == message.format(here=tmp_path)
    assert folder_holds(tmp_path) == before


def test_no_name_is_no_target() -> None:
    with pytest.raises(OutputError, match=r"^'' is not a name that a file can have; choose another$"):
        write(DATA, "")


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"yesterday")
    target.chmod(0o444)
    with pytest.raises(OutputError, match="no permission to write this file"):
        write(DATA, str(target))
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="no permission to write this file"):
        write(DATA, str(tmp_path / "new"))
    tmp_path.chmod(0o755)
    assert folder_holds(tmp_path) == {"out.csv"}


@pytest.mark.parametrize("target", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_gets_every_byte(target: str) -> None:
    done = program(f"$WRITE {target} | {{ sleep 0.1; cat; }}")
    assert (done.returncode, done.stdout, done.stderr) == (0, DATA, b"")


def test_standard_output_that_is_a_file_is_appended_to_and_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"before ")
    program(f"$WRITE /dev/stdout >> {tmp_path}/log")
    assert (tmp_path / "log").read_bytes() == b"before " + DATA


def test_other_descriptors_are_written_to() -> None:
    assert program("$WRITE /dev/stderr").stderr == DATA
    assert program("$WRITE /dev/fd/7 7>&1").stdout == DATA
    assert program("$WRITE >(cat) | cat").stdout == DATA


def test_standard_output_that_does_not_block_still_gets_every_byte() -> None:
    code = f"import os; os.set_blocking(1, False); {WRITE}"
    assert program("$WRITE - | { sleep 0.1; cat; }", CODE=code).stdout == DATA


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_ends_in_silence(unbuffered: str) -> None:
    done = program("$WRITE - | head -c 1; exit ${PIPESTATUS[0]}", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout, done.stderr) == (141, b"0", b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("shell", "message"),
    [
        ("$WRITE - > /dev/full", "standard output: the disk is full; make room or write elsewhere"),
        ("$WRITE /dev/full", "/dev/full: the disk is full; make room or write elsewhere"),
        ("$WRITE - >&-", "standard output: it is closed; write to a file"),
        ("$WRITE /dev/fd/9", "/dev/fd/9: it is closed; write to a file"),
    ],
)
def test_an_output_that_takes_nothing_is_an_error(shell: str, message: str, unbuffered: str) -> None:
    done = program(shell, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == f"funnelcli.errors.OutputError: {message}"


def test_a_stream_in_memory_is_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    print("before ", end="")
    write(b"\xff", None)
    assert stream.buffer.getvalue() == b"before \xff"
