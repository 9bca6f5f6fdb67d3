"""Values across the wire, for python.test.ts: `write` gives an object what Python has, `check` compares what Node gave.

    python python-values.py CLIENT_FOLDER IMAGE write|check

`check` prints one line a value, `name equal` or `name <what came>`.
"""

import sys
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from client import Kernel  # noqa: E402

VALUES = {
    "nothing": None,
    "yes": True,
    "small": 42,
    "negative": -7,
    "beyond32": 2**40,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "fraction": 0.1,
    "tiny": -1.5e-300,
    "text": "Grüße, 世界 🦇\n",
    "empty": "",
    "bytes": bytes(range(256)),
    "date": datetime(2031, 5, 17, 23, 59, 58, 765000, tzinfo=timezone.utc),
    "early": datetime(1899, 12, 31, 1, 2, 3, tzinfo=timezone.utc),
    "nested": {"list": [1, [2.5, {"deep": [None, False, {"": "x"}]}]], "b": b"\x00\xff", "big": [2**62]},
    "many": list(range(1000)),
}


def main(image: Path, task: str) -> None:
    with Kernel(image) as kernel:
        kernel.hello()
        if task == "write":
            kernel.send("genesis", "clone:", "from-python")
            for name, value in VALUES.items():
                kernel.send("from-python", "setSlot:value:", name, value)
            return
        for name, value in VALUES.items():
            came = kernel.send("from-node", name)
            same = came == value and isinstance(came, bool) == isinstance(value, bool)
            print(name, "equal" if same else repr(came))


main(Path(sys.argv[2]), sys.argv[3])
