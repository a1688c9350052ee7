"""Files that belong together: all take their places or none does, and a stop waits for the renames."""

import os
import signal
import threading
from contextlib import suppress

from emgpipe.store import replaced_together, stops_deferred


def test_files_take_their_places_the_last_ones_behind_all_others(tmp_path, monkeypatch):
    renamed, real = [], os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (renamed.append(new.name), real(old, new)))
    (tmp_path / "b").write_text("old")
    with replaced_together(tmp_path, last=("a", "c")) as made:
        for name in "cbda":
            (made / name).write_text(name)
    assert renamed == ["b", "d", "a", "c"]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: name for name in "abcd"}


def test_after_an_error_all_is_as_it_was_and_nothing_is_left_over(tmp_path):
    (tmp_path / "a").write_text("old")
    with suppress(ZeroDivisionError), replaced_together(tmp_path) as made:
        (made / "a").write_text("new")
        _ = 1 / 0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_stop_is_raised_once_at_the_end_and_the_handlers_are_back():
    before, reached = signal.getsignal(signal.SIGINT), []
    try:
        with stops_deferred():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            reached.append("end")
    except KeyboardInterrupt:
        reached.append("stop")
    assert reached == ["end", "stop"]
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_no_handler_is_touched(tmp_path):
    seen = []

    def work():
        with stops_deferred():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
