"""A small client of BAT OS: pydantic models, packed by ormsgpack, over a ZeroMQ DEALER.

    python client.py [--image live_image] [TARGET SELECTOR ARGS...]

It reads where the kernel is from kernel.json in the image's folder, introduces itself, asks for an object's full
state and sends it a message: `genesis display_yourself` if none is given. Each ARG is JSON if it parses as JSON, else
a string. While the kernel has a missing method written, what happens is shown as it happens.
"""

import argparse
import json
import struct
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Literal

import ormsgpack
import zmq
from pydantic import BaseModel, ValidationError

# Dates travel as MessagePack timestamps. We write them ourselves: ormsgpack 1.13 loses fractions above 0.53 seconds.
PACK = ormsgpack.OPT_SERIALIZE_PYDANTIC | ormsgpack.OPT_PASSTHROUGH_DATETIME
UNPACK = ormsgpack.OPT_DATETIME_AS_TIMESTAMP_EXT
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

HELLO_SECONDS = 5
"""A kernel that is there answers at once."""

ANSWER_SECONDS = 600
"""A method may have to be written first, by a model on a slow machine."""


# What we say ---------------------------------------------------------------------------------------


class Command(BaseModel):
    v: Literal[1] = 1
    id: int


class HelloCommand(Command):
    op: Literal["HelloCommand"] = "HelloCommand"
    client: str
    token: str


class GetFullStateCommand(Command):
    op: Literal["GetFullStateCommand"] = "GetFullStateCommand"
    target: str = "genesis"


class SendCommand(Command):
    op: Literal["SendCommand"] = "SendCommand"
    target: str
    selector: str
    args: list[Any] = []


# What we hear --------------------------------------------------------------------------------------


class FaultRecord(BaseModel):
    code: str
    message: str
    remedy: str
    retry: Literal["never", "transaction", "later"]
    data: dict[str, Any] = {}


class Reply(BaseModel):
    """An answer, or an event before it: then `event` is what happened."""

    v: Literal[1]
    id: int | str | None
    ok: bool = False
    result: Any = None
    tid: str | None = None
    fault: FaultRecord | None = None
    event: dict[str, Any] | None = None


class Welcome(BaseModel):
    server: str
    protocol: int
    image: str


class Slot(BaseModel):
    name: str
    kind: Literal["data", "method", "parent"]
    value: Any = None
    source: str = ""
    holder: str
    tid: str


class FullState(BaseModel):
    oid: str
    name: str | None
    tid: str
    slots: list[Slot]


class Fault(Exception):
    """The kernel refused: its code says why, its remedy what to do."""

    def __init__(self, record: FaultRecord):
        super().__init__(f"{record.code}: {record.message} {record.remedy}")
        self.record = record


class Unreachable(Exception):
    """Nobody answers where the kernel should be."""


def pack(command: Command) -> bytes:
    return ormsgpack.packb(command, default=timestamp, option=PACK)


def unpack(frame: bytes) -> Any:
    return ormsgpack.unpackb(frame, option=UNPACK)


def timestamp(value: Any) -> ormsgpack.Fragment:
    """The 96-bit MessagePack timestamp of a datetime with a time zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no value that the wire has")
    since = value - EPOCH
    seconds = since.days * 86_400 + since.seconds
    return ormsgpack.Fragment(b"\xc7\x0c\xff" + struct.pack(">Iq", since.microseconds * 1_000, seconds))


# The conversation ----------------------------------------------------------------------------------


class Kernel:
    """A connection to the kernel of an image. Use it as a context manager."""

    def __init__(self, image: Path):
        about = self._about(image)
        self.endpoint: str = about["endpoint"]
        self._token: str = about["token"]
        self._image_id: str = about["image"]
        self._last_id = 0
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(self.endpoint)

    @staticmethod
    def _about(image: Path) -> dict[str, Any]:
        try:
            return json.loads((image / "kernel.json").read_text())
        except FileNotFoundError:
            raise Unreachable(f"no kernel runs on {image}; start one with `npm start`") from None

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._context.term()

    def hello(self, client: str = "python") -> Welcome:
        """Introduces us. A kernel is believed when it answers for the image that we came for."""
        command = HelloCommand(id=self._next(), client=client, token=self._token)
        welcome = Welcome.model_validate(self._ask(command, seconds=HELLO_SECONDS))
        if welcome.image != self._image_id:
            raise Unreachable(f"{self.endpoint} serves another image")
        return welcome

    def full_state(self, target: str = "genesis") -> FullState:
        return FullState.model_validate(self._ask(GetFullStateCommand(id=self._next(), target=target)))

    def send(self, target: str, selector: str, *args: Any, on_event: Callable[[dict], None] | None = None) -> Any:
        """Sends a message to an object and answers its reply; events before it go to `on_event`."""
        command = SendCommand(id=self._next(), target=target, selector=selector, args=list(args))
        return self._ask(command, on_event)

    def _next(self) -> int:
        self._last_id += 1
        return self._last_id

    def _ask(
        self,
        command: Command,
        on_event: Callable[[dict], None] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Any:
        self._socket.send(pack(command))
        while True:
            if not self._socket.poll(seconds * 1000):
                raise Unreachable(f"no answer from {self.endpoint} within {seconds} s")
            reply = Reply.model_validate(unpack(self._socket.recv()))
            if reply.id != command.id:
                continue
            if reply.event is not None:
                if on_event is not None:
                    on_event(reply.event)
            elif reply.fault is not None:
                raise Fault(reply.fault)
            else:
                return reply.result


# What a person sees --------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """A value on one line: text as it is, the rest as JSON where JSON has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=shown)


def show_state(state: FullState) -> None:
    print(f"{state.name or state.oid} is {state.oid}, at transaction {state.tid}")
    for slot in state.slots:
        value = slot.source.split("\n", 1)[0] if slot.kind == "method" else shown(slot.value)
        print(f"  {slot.name:24} {slot.kind:7} {slot.holder:>5}  {value[:100]}")


class Narrator:
    """Tells what happens while a method is written; the model's words come as they are said."""

    def __init__(self) -> None:
        self._in_words = False

    def __call__(self, event: dict[str, Any]) -> None:
        if event["kind"] == "token":
            self._in_words = True
            print(event["text"], end="", flush=True)
            return
        rest = ", ".join(f"{key} {shown(value)}" for key, value in event.items() if key not in ("kind", "source"))
        if self._in_words:
            print()
        self._in_words = False
        print(f"... {event['kind']}{': ' if rest else ''}{rest}", flush=True)


def argument(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> int:
    parser = argparse.ArgumentParser(description="Send a message to an object of BAT OS.")
    parser.add_argument("--image", type=Path, default=Path("live_image"), help="folder of the image")
    parser.add_argument("target", nargs="?", default="genesis", help="a name or an oid")
    parser.add_argument("selector", nargs="?", default="display_yourself")
    parser.add_argument("args", nargs="*", type=argument, help="JSON, or a string")
    given = parser.parse_args()
    try:
        with Kernel(given.image) as kernel:
            welcome = kernel.hello()
            print(f"{welcome.server} at {kernel.endpoint}, image {welcome.image}\n")
            show_state(kernel.full_state(given.target))
            print(f"\n{given.target} {given.selector} {' '.join(map(shown, given.args))}".rstrip())
            print(f"=> {shown(kernel.send(given.target, given.selector, *given.args, on_event=Narrator()))}")
        return 0
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 5 if fault.record.code in ("POLICY", "UNAUTHENTICATED") else 1
    except Unreachable as problem:
        print(problem, file=sys.stderr)
        return 6
    except (ValidationError, ormsgpack.MsgpackDecodeError) as problem:
        print(f"the kernel said something that is not of its protocol: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
