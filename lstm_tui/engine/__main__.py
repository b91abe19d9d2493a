"""Where the engine's own processes begin: `host` makes engines, `worker` is one. `spawn` runs this file by
its path.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Take up the role that the command line names."""
    # Last in line: only for a package that is not installed but run from where its source lies.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    role, descriptor, setup, *rest = sys.argv[1:]
    if role == "host":
        from lstm_tui.engine import host

        host.main(int(descriptor), setup, parent=int(rest[0]) if rest and rest[0] else None)
    else:
        from lstm_tui.engine import server

        server.main(int(descriptor), setup)


if __name__ == "__main__":
    main()
