"""Where the files that ship beside the code are: in the wheel, or in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """Path of a shipped folder such as `conf` or `scenarios`."""
    installed = PACKAGE / folder
    return installed if installed.is_dir() else PACKAGE.parent.parent / folder
