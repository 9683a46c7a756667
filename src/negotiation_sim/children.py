"""Processes that work for another one."""

import os
import signal
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Make this process one that an interrupt at the terminal leaves alone and that ends when its parent does.

    A parent that is killed cannot stop its children: they must see it themselves, whatever they are doing.
    """
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # interrupts are for the parent, which then stops its children
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
